import type { IncomingMessage, ServerResponse } from 'node:http';

/** A 10 MB message as base64, every character of it percent-encoded, and the other parameters. */
const MAX_BODY_BYTES = 44 * 1024 * 1024;

/** Answers with a body of a known length; with the id of the request where it has one. */
export function answer(response: ServerResponse, status: number, type: string, body: string, requestId = ''): void {
  response.writeHead(status, {
    'content-type': type,
    'content-length': Buffer.byteLength(body),
    ...(requestId && { 'x-amzn-requestid': requestId }),
  });
  response.end(body);
}

/** The body, or undefined when it is too large; the rest of a large one is read and forgotten. */
export async function readBody(request: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  return new Promise((resolve, reject) => {
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= MAX_BODY_BYTES) chunks.push(chunk);
    });
    request.on('end', () => resolve(bytes <= MAX_BODY_BYTES ? join(chunks) : undefined));
    request.on('error', reject);
  });
}

function join(chunks: Buffer[]): Buffer {
  const [only] = chunks;
  return chunks.length === 1 && only ? only : Buffer.concat(chunks);
}
