/** Octets of every frame's header (RFC 9113, 4.1). */
export const FRAME_HEADER_BYTES = 9;

/** RFC 9113, section 6. */
export const FrameType = {
  data: 0,
  headers: 1,
  priority: 2,
  rstStream: 3,
  settings: 4,
  pushPromise: 5,
  ping: 6,
  goaway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const;

export const Flag = { ack: 0x1, endStream: 0x1, endHeaders: 0x4, padded: 0x8, priority: 0x20 } as const;

/** RFC 9113, 6.5.2. */
export const Setting = {
  headerTableSize: 1,
  enablePush: 2,
  maxConcurrentStreams: 3,
  initialWindowSize: 4,
  maxFrameSize: 5,
  maxHeaderListSize: 6,
} as const;

/** RFC 9113, 6.5.2: what SETTINGS_MAX_FRAME_SIZE may lie between. We announce, and keep to, the least. */
export const LEAST_MAX_FRAME_SIZE = 16_384;
export const GREATEST_MAX_FRAME_SIZE = 16_777_215;

/** RFC 9113, 6.9.1. */
export const GREATEST_WINDOW = 2 ** 31 - 1;
/** RFC 9113, 6.9.2: each connection's window, and each stream's before SETTINGS say otherwise. */
export const DEFAULT_WINDOW = 65_535;

export function writeFrameHeader(
  output: Uint8Array,
  offset: number,
  length: number,
  type: number,
  flags: number,
  streamId: number,
): void {
  output[offset] = length >>> 16;
  output[offset + 1] = length >>> 8;
  output[offset + 2] = length;
  output[offset + 3] = type;
  output[offset + 4] = flags;
  writeUint32(output, offset + 5, streamId);
}

export function writeUint32(output: Uint8Array, offset: number, value: number): void {
  output[offset] = value >>> 24;
  output[offset + 1] = value >>> 16;
  output[offset + 2] = value >>> 8;
  output[offset + 3] = value;
}

export function readUint32(input: Uint8Array, offset: number): number {
  return readUint31(input, offset) + (input[offset]! >= 0x80 ? 0x80000000 : 0);
}

/** Stream identifiers and window increments: the top bit is reserved and ignored (RFC 9113, 4.1 and 6.9). */
export function readUint31(input: Uint8Array, offset: number): number {
  return ((input[offset]! & 0x7f) << 24) | (input[offset + 1]! << 16) | (input[offset + 2]! << 8) | input[offset + 3]!;
}
