/** A place in a log of changes. */
export interface Position {
  /** Which log. */
  readonly history: string;
  readonly revision: number;
  /** Of the revision, in the log's chain of hashes: hex digits. */
  readonly chainHash: string;
  /** When the revision was committed, in milliseconds since the Unix epoch; 0: never, for revision 0. */
  readonly committedAt: number;
}

export interface PositionMessage {
  readonly history: string;
  readonly revision: bigint;
  readonly chainHash: Uint8Array;
  readonly committedAtMs: bigint;
}

export function toPositionMessage(position: Position): PositionMessage {
  return {
    history: position.history,
    revision: BigInt(position.revision),
    chainHash: Buffer.from(position.chainHash, 'hex'),
    committedAtMs: BigInt(position.committedAt),
  };
}

export function readPosition(message: PositionMessage): Position {
  return {
    history: message.history,
    revision: Number(message.revision),
    chainHash: Buffer.from(message.chainHash).toString('hex'),
    committedAt: Number(message.committedAtMs),
  };
}
