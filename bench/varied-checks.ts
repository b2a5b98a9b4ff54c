import { realisticCheck } from './realistic-check.ts';

/** Where a Check lies among the others, and where in it that is what Envoy gives each request. */
export interface VariedCheck {
  readonly start: number;
  readonly length: number;
  /** 20 digits. */
  readonly streamIdAt: number;
  /** A varint of five bytes. */
  readonly secondsAt: number;
  /** A varint of four bytes. */
  readonly nanosAt: number;
}

export interface VariedChecks {
  readonly entries: readonly VariedCheck[];
}

/** Digits that nothing else of a Check has. */
const STREAM_ID = '19876543210987654321';
/** `seconds` and `nanos` as `realisticCheck` writes them: tags 1 and 2, and their varints. */
const TIME = Buffer.from([0x08, 0x80, 0xf7, 0xc4, 0xd5, 0x06, 0x10, 0x80, 0x94, 0xef, 0x3a]);

/** A Check for each token, each of another path. */
export function variedChecks(tokens: readonly { readonly token: string; readonly clientId: string }[]): {
  readonly bytes: Buffer;
  readonly checks: VariedChecks;
} {
  const parts: Buffer[] = [];
  const entries: VariedCheck[] = [];
  let start = 0;
  for (const [index, { token, clientId }] of tokens.entries()) {
    const path = `/orders/v1/orders/${4711 + index}?expand=lines`;
    const bytes = Buffer.from(realisticCheck({ streamId: STREAM_ID, clientId, token, path }));
    const timeAt = bytes.indexOf(TIME);
    const streamIdAt = bytes.indexOf(STREAM_ID);
    if (timeAt < 0 || streamIdAt < 0) throw new Error('the Check is not spelled as expected');
    entries.push({ start, length: bytes.length, streamIdAt, secondsAt: timeAt + 1, nanosAt: timeAt + 7 });
    parts.push(bytes);
    start += bytes.length;
  }
  return { bytes: Buffer.concat(parts), checks: { entries } };
}
