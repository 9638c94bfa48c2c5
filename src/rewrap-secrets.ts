import { connectMongo, disconnectMongo } from './mongo.js';
import { checkEncryptionKey } from './services/installation.js';
import { rewrap } from './services/sealed-secrets.js';

/**
 * `npm run rewrap-secrets`: seals all stored secrets under the present ENCRYPTION_KEY. Ends with 0 when the earlier keys
 * are not needed any more, with 1 when something could not be read or MongoDB not be reached.
 */
async function main(): Promise<void> {
  await connectMongo();
  try {
    await checkEncryptionKey();
    const { rewrapped, present, unreadable } = await rewrap();
    process.stdout.write(
      `${rewrapped} secrets encrypted anew, ${present} were already, ${unreadable} cannot be read.\n`,
    );
    if (unreadable === 0) process.stdout.write('ENCRYPTION_KEY_PREVIOUS is not needed any more.\n');
    else process.exitCode = 1;
  } finally {
    await disconnectMongo();
  }
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
