/** What a Redis says of itself. */
export interface RedisState {
  /** `host:port`, without user and password. */
  readonly name: string;
  /** The fields of INFO. */
  readonly info: ReadonlyMap<string, string>;
  /** What CONFIG GET tells; empty where it may not be asked. */
  readonly config: ReadonlyMap<string, string>;
  /** How far its clock is ahead of ours. */
  readonly clockOffsetMs: number | undefined;
}
