/** Frames of Connect's streams: a byte of flags, four of length, the text. */
export function encoded(messages: readonly (readonly [flags: number, text: string])[]): Uint8Array {
  const frames = messages.map(([flags, text]) => {
    const body = Buffer.from(text);
    const head = Buffer.alloc(5);
    head[0] = flags;
    head.writeUInt32BE(body.length, 1);
    return Buffer.concat([head, body]);
  });
  return Buffer.concat(frames);
}
