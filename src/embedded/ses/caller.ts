import { createHash } from 'node:crypto';
import { SesError } from './errors.js';

/** Who signed a request, and for which region. */
export interface Caller {
  accessKeyId: string;
  region: string;
}

/**
 * Credentials that AWS would refuse, by the start of the access key id. A signature cannot be checked here, as any
 * secret is welcome: the rule stands in for it.
 */
const REFUSED: Record<string, () => SesError> = {
  AKIAINVALID: () =>
    new SesError('InvalidClientTokenId', 'The security token included in the request is invalid.', 403),
  AKIABADSECRET: () =>
    new SesError(
      'SignatureDoesNotMatch',
      'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method.',
      403,
    ),
  AKIADENIED: () => new SesError('AccessDenied', 'User is not authorized to perform this action.', 403),
  AKIAEXPIRED: () => new SesError('ExpiredToken', 'The security token included in the request is expired', 403),
};

/**
 * Reads `Credential=<access key id>/<date>/<region>/...` of a SigV4 Authorization header.
 * @throws SesError where AWS would refuse the credentials
 */
export function identifyCaller(authorization: string | undefined): Caller {
  const [accessKeyId, , region] = /Credential=([^,\s]+)/.exec(authorization ?? '')?.[1]?.split('/') ?? [];
  if (!accessKeyId || !region) throw new SesError('MissingAuthenticationToken', 'Missing Authentication Token', 403);
  for (const [prefix, refusal] of Object.entries(REFUSED)) {
    if (accessKeyId.startsWith(prefix)) throw refusal();
  }
  return { accessKeyId, region };
}

/** The twelve digits of the AWS account that an access key belongs to: always the same for the same key. */
export function accountIdOf(accessKeyId: string): string {
  const digest = createHash('sha256').update(accessKeyId).digest();
  return String(100_000_000_000 + (digest.readUIntBE(0, 6) % 900_000_000_000));
}
