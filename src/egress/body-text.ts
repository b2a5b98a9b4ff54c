import type { Received } from './transport.ts';

/** The whole body of an answer, as text. @returns undefined if the body is larger */
export async function bodyText(body: Received['body'], maxBytes: number): Promise<string | undefined> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > maxBytes) return undefined;
    chunks.push(chunk);
  }
  // Removes the byte-order mark that some editors write.
  return Buffer.concat(chunks)
    .toString('utf8')
    .replace(/^\uFEFF/, '');
}
