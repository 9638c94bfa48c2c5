import { SettingModel } from '../models/setting.js';
import { ignoreDuplicateKey } from '../mongo.js';
import { open, type Sealed, seal } from '../secrets.js';

const CANARY = 'encryption-canary';

/**
 * Proves that ENCRYPTION_KEY is the one this installation's secrets were sealed under, before a request finds out.
 * The first process of a new installation leaves the canary that the others open.
 * @throws Error that says so.
 */
export async function checkEncryptionKey(): Promise<void> {
  await SettingModel.updateOne(
    { _id: CANARY },
    { $setOnInsert: { value: seal(CANARY, CANARY) } },
    { upsert: true },
  ).catch(ignoreDuplicateKey);
  const canary = await SettingModel.findById(CANARY).lean();
  try {
    open(canary?.value as Sealed, CANARY);
  } catch (cause) {
    throw new Error('ENCRYPTION_KEY is not the key this database was written with: put back the one you had', {
      cause,
    });
  }
}
