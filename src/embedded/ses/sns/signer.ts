import { createPrivateKey, type KeyObject, randomBytes, sign } from 'node:crypto';
import { promisify } from 'node:util';

/** `1` is SHA1 with RSA, `2` is SHA256 with RSA (SNS Developer Guide, "Verifying the signatures of messages"). */
export type SignatureVersion = '1' | '2';

interface Pair {
  key: KeyObject;
  /** PEM. */
  certificate: string;
}

const signWithKey = promisify(sign);

/**
 * Signs as SNS does, with an RSA key and a self-signed certificate of its own. Both are made when they are first needed:
 * that takes a third of a second, which most who start a local SES need not wait for.
 */
export class Signer {
  /** Where the certificate is served. */
  readonly certificatePath = `/SimpleNotificationService-${randomBytes(16).toString('hex')}.pem`;
  #pair: Promise<Pair> | undefined;

  /** The certificate as PEM. */
  async certificate(): Promise<string> {
    return (await this.#keys()).certificate;
  }

  /** The signature as base64. */
  async sign(text: string, version: SignatureVersion): Promise<string> {
    const { key } = await this.#keys();
    const signature = await signWithKey(version === '2' ? 'RSA-SHA256' : 'RSA-SHA1', Buffer.from(text), key);
    return signature.toString('base64');
  }

  #keys(): Promise<Pair> {
    this.#pair ??= createPair();
    return this.#pair;
  }
}

async function createPair(): Promise<Pair> {
  const { generate } = await import('selfsigned');
  const made = await generate([{ name: 'commonName', value: 'sns.amazonaws.com' }], {
    keySize: 2048,
    algorithm: 'sha256',
  });
  return { key: createPrivateKey(made.private), certificate: made.cert };
}
