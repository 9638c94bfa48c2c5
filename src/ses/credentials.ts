import type { Types } from 'mongoose';
import type { Business } from '../models/business.js';
import { open, type Sealed, seal } from '../secrets.js';

/** What signs the calls to one SES account. */
export interface SesCredentials {
  accessKeyId: string;
  secretAccessKey: string;
  region: string;
}

/** The regions Amazon SES is offered in (AWS General Reference, "Amazon SES endpoints and quotas"). */
export const SES_REGIONS = [
  'us-east-1',
  'us-east-2',
  'us-west-1',
  'us-west-2',
  'af-south-1',
  'ap-northeast-1',
  'ap-northeast-2',
  'ap-northeast-3',
  'ap-south-1',
  'ap-south-2',
  'ap-southeast-1',
  'ap-southeast-2',
  'ap-southeast-3',
  'ap-southeast-5',
  'ca-central-1',
  'ca-west-1',
  'eu-central-1',
  'eu-central-2',
  'eu-north-1',
  'eu-south-1',
  'eu-west-1',
  'eu-west-2',
  'eu-west-3',
  'il-central-1',
  'me-central-1',
  'me-south-1',
  'sa-east-1',
  'us-gov-east-1',
  'us-gov-west-1',
] as const;

/** The context of a business’s secret key. */
export const secretKeyContext = (businessId: Types.ObjectId) => `${businessId.toHexString()}:ses`;

/** A business's secret key as it is stored. */
export function sealSecretKey(businessId: Types.ObjectId, secretAccessKey: string): Sealed {
  return seal(secretAccessKey, secretKeyContext(businessId));
}

/**
 * The credentials of a business, or undefined where it has connected no SES account.
 * @throws Error when they were sealed under another ENCRYPTION_KEY.
 */
export function credentialsOf(business: Pick<Business, '_id' | 'sesConfiguration'>): SesCredentials | undefined {
  const { accessKeyId, secretAccessKey, region } = business.sesConfiguration;
  if (!accessKeyId || !secretAccessKey) return undefined;
  return { accessKeyId, region, secretAccessKey: open(secretAccessKey as Sealed, secretKeyContext(business._id)) };
}

/** The account that a business's limits belong to: its AWS account where that is known, else its access key, and the region. */
export function accountOf({
  sesConfiguration,
}: {
  sesConfiguration: Partial<Pick<Business['sesConfiguration'], 'accountId' | 'accessKeyId' | 'region'>>;
}): string {
  const { accountId, accessKeyId, region } = sesConfiguration;
  return `${accountId ?? accessKeyId}/${region}`;
}
