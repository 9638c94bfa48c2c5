import { type AppError, invalid, notFound, unavailable } from '../errors.js';
import { type Business, BusinessModel } from '../models/business.js';
import { JOURNALED } from '../mongo.js';
import type { SendQuota } from '../ses/account.js';
import { type SesCredentials, sealSecretKey } from '../ses/credentials.js';
import { classify } from '../ses/errors.js';
import { partsOf } from '../ses/event-wiring.js';
import { prove } from '../ses/prove.js';
import type { Tenant } from '../tenant.js';
import * as businesses from './businesses.js';

/**
 * Connects the tenant's SES account: proves the credentials by GetSendQuota, then replaces what was there in one write,
 * so that a key never meets another key's secret or account.
 * @throws AppError `validation_failed` with what AWS said where it refuses; `unavailable` where it does not answer.
 */
export async function connect(
  { businessId }: Tenant,
  credentials: SesCredentials,
): Promise<{ business: Business; quota: SendQuota }> {
  const { quota, accountId } = await prove(credentials).catch((error: unknown) => {
    throw refusal(error, credentials.region);
  });
  const { eventWiring } = await businesses.get(businessId);
  const isElsewhere = eventWiring?.topicArn && !isIn(eventWiring.topicArn, credentials.region, accountId);
  const business = await BusinessModel.findByIdAndUpdate(
    businessId,
    {
      // A topic of another account or region hears nothing of this one, and its configuration set stops all mail.
      ...(isElsewhere ? { $unset: FORGOTTEN_WIRING } : {}),
      $set: {
        sesConfiguration: {
          accessKeyId: credentials.accessKeyId,
          secretAccessKey: sealSecretKey(businessId, credentials.secretAccessKey),
          region: credentials.region,
          ...(accountId ? { accountId } : {}),
          verified: true,
          verifiedAt: new Date(),
        },
        // Another account may know nothing of its domains.
        'sendingDomains.$[].nextCheckAt': new Date(),
      },
    },
    { returnDocument: 'after', runValidators: true, writeConcern: JOURNALED },
  ).lean<Business>();
  if (!business) throw notFound('business');
  return { business, quota };
}

const FORGOTTEN_WIRING = {
  'eventWiring.topicArn': 1,
  'eventWiring.configurationSet': 1,
  'eventWiring.subscriptionArn': 1,
  'eventWiring.confirmedAt': 1,
  'eventWiring.isByHand': 1,
} as const;

/** Whether a topic is of this account, as far as that is known, and region. */
function isIn(topicArn: string, region: string, accountId: string | undefined): boolean {
  const topic = partsOf(topicArn);
  return topic.region === region && (accountId === undefined || topic.accountId === accountId);
}

/** Forgets the tenant's SES credentials; without any it does nothing. */
export async function disconnect({ businessId }: Tenant): Promise<void> {
  await BusinessModel.updateOne(
    { _id: businessId },
    {
      $set: { 'sesConfiguration.verified': false },
      $unset: {
        'sesConfiguration.accessKeyId': 1,
        'sesConfiguration.secretAccessKey': 1,
        'sesConfiguration.accountId': 1,
        'sesConfiguration.verifiedAt': 1,
      },
    },
    { runValidators: true, writeConcern: JOURNALED },
  );
}

const UNKNOWN_KEY = {
  path: 'accessKeyId',
  message: 'AWS does not know this access key; is it deleted, inactive, or its region not enabled in the account?',
};

/** What AWS answers (Amazon SES API reference, "Common errors"), at the field a person typed and in words for him. */
const REFUSALS: Record<string, { path: string; message: string }> = {
  InvalidClientTokenId: UNKNOWN_KEY,
  UnrecognizedClient: UNKNOWN_KEY,
  SignatureDoesNotMatch: {
    path: 'secretAccessKey',
    message: 'AWS says this secret does not belong to the access key',
  },
  AccessDenied: {
    path: 'accessKeyId',
    message: 'AWS forbids it: the key’s IAM policy must allow ses:GetSendQuota and ses:SendRawEmail',
  },
  OptInRequired: { path: 'region', message: 'The AWS account has not enabled this region' },
};

function refusal(error: unknown, region: string): AppError {
  const failure = classify(error);
  switch (failure.kind) {
    case 'credentials':
    case 'account':
    case 'rejected': {
      const known = REFUSALS[failure.code] ?? { path: 'accessKeyId', message: 'AWS refuses these credentials' };
      return invalid([{ ...known, message: `${known.message} (${failure.code}: ${failure.message})` }]);
    }
    default:
      return unavailable(`Amazon SES in ${region} does not answer right now; nothing was changed, try again`, error);
  }
}
