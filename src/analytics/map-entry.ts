import type { ProtoReader } from '../envoy/proto-reader.ts';

/** The keys of a map that are used, by their length, and where their values go. */
export type Places = readonly (readonly { readonly name: Buffer; readonly at: number }[] | undefined)[];

export function placesOf(pairs: readonly (readonly [name: string, at: number])[]): Places {
  const byLength: { name: Buffer; at: number }[][] = [];
  for (const [name, at] of pairs) (byLength[name.length] ??= []).push({ name: Buffer.from(name), at });
  return byLength;
}

/** @returns where the value of this key goes; −1: the key is not used */
export function placeOf(places: Places, bytes: Uint8Array, start: number, end: number): number {
  const candidates = places[end - start];
  if (candidates === undefined) return -1;
  for (let i = 0; i < candidates.length; i++) {
    const { name, at } = candidates[i] as { name: Buffer; at: number };
    if (isText(bytes, start, end, name)) return at;
  }
  return -1;
}

/**
 * Reads an entry of a map: start and end of its key go to the first two elements of `spans`, those of its value to
 * the next two.
 */
export function readPair(reader: ProtoReader, end: number, spans: number[]): void {
  spans[0] = spans[1] = spans[2] = spans[3] = 0;
  while (reader.position < end) {
    const tag = reader.tag(end);
    if (tag === 0x0a) reader.span(spans, 0, end);
    else if (tag === 0x12) reader.span(spans, 2, end);
    else reader.skip(tag, end);
  }
}

export function isText(bytes: Uint8Array, start: number, end: number, text: Buffer): boolean {
  if (end - start !== text.length) return false;
  for (let i = 0; i < text.length; i++) if (bytes[start + i] !== text[i]) return false;
  return true;
}
