/**
 * The text behind a URL. No redirect is followed, nothing but a 200 is taken, and no more is read than allowed.
 * @param limitMs for all of it.
 * @throws Error for anything else.
 */
export async function getText(url: string, { limitMs, maxBytes }: { limitMs: number; maxBytes: number }) {
  const response = await fetch(url, { redirect: 'manual', signal: AbortSignal.timeout(limitMs) });
  try {
    if (response.status !== 200) throw new Error(`It answered ${response.status}`);
    const chunks: Uint8Array[] = [];
    let bytes = 0;
    for await (const chunk of response.body ?? []) {
      bytes += chunk.byteLength;
      if (bytes > maxBytes) throw new Error(`It answered more than ${maxBytes} bytes`);
      chunks.push(chunk);
    }
    return Buffer.concat(chunks).toString('utf8');
  } finally {
    if (response.body && !response.body.locked) await response.body.cancel();
  }
}
