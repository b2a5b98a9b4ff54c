/**
 * Reads a body that is small, of a request or of an answer.
 * @param most octets
 * @returns undefined: it is larger; what is left of it is not read
 */
export async function bodyOf(
  stream: AsyncIterable<Uint8Array>,
  most: number,
): Promise<Buffer<ArrayBuffer> | undefined> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of stream) {
    bytes += chunk.length;
    if (bytes > most) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
