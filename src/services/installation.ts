import { logger } from '../logger.js';
import { SettingModel } from '../models/setting.js';
import { ignoreDuplicateKey } from '../mongo.js';
import { isPresent, open, type Sealed, seal } from '../secrets.js';

/** The setting that tells by which key the installation's secrets are sealed, and its context. */
export const CANARY = 'encryption-canary';

/**
 * Proves that ENCRYPTION_KEY, or one of ENCRYPTION_KEY_PREVIOUS, is the one this installation's secrets were sealed under,
 * before a request finds out. The first process of a new installation leaves the canary that the others open; a change of
 * keys seals it anew last of all, so it opens as long as anything may need the old key.
 * @throws Error that says so.
 */
export async function checkEncryptionKey(): Promise<void> {
  await SettingModel.updateOne(
    { _id: CANARY },
    { $setOnInsert: { value: seal(CANARY, CANARY) } },
    { upsert: true },
  ).catch(ignoreDuplicateKey);
  const canary = await SettingModel.findById(CANARY).lean();
  const sealed = canary?.value as Sealed;
  try {
    open(sealed, CANARY);
  } catch (cause) {
    throw new Error(
      'ENCRYPTION_KEY is not the key this database was written with: put back the one you had, or name it in ENCRYPTION_KEY_PREVIOUS',
      { cause },
    );
  }
  if (!isPresent(sealed)) logger().warn('secrets are still sealed under an earlier key: npm run rewrap-secrets');
}
