import type { AbuseKind } from './transport-events.ts';

/** RFC 9113, section 7. */
export const ErrorCode = {
  noError: 0x0,
  protocolError: 0x1,
  internalError: 0x2,
  flowControlError: 0x3,
  settingsTimeout: 0x4,
  streamClosed: 0x5,
  frameSizeError: 0x6,
  refusedStream: 0x7,
  cancel: 0x8,
  compressionError: 0x9,
  connectError: 0xa,
  enhanceYourCalm: 0xb,
  inadequateSecurity: 0xc,
  http11Required: 0xd,
} as const;
export type ErrorCode = (typeof ErrorCode)[keyof typeof ErrorCode];

/** Ends the connection with GOAWAY (RFC 9113, 5.4.1). The message becomes its debug data. */
export class ConnectionError extends Error {
  override name = 'ConnectionError';
  readonly code: ErrorCode;
  /** Set where the peer is to be counted as an abuser. */
  readonly abuse: AbuseKind | undefined;
  constructor(code: ErrorCode, message: string, abuse?: AbuseKind) {
    super(message);
    this.code = code;
    this.abuse = abuse;
  }
}

/** The peer has used up more than its share. */
export function enough(kind: AbuseKind): ConnectionError {
  return new ConnectionError(ErrorCode.enhanceYourCalm, kind, kind);
}

export function protocolError(message: string): ConnectionError {
  return new ConnectionError(ErrorCode.protocolError, message);
}

/** RFC 9113, 4.2. */
export function frameSizeError(frame: string): ConnectionError {
  return new ConnectionError(ErrorCode.frameSizeError, `${frame} of a wrong length`);
}
