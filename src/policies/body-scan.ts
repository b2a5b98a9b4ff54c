import type { BodyFault } from './request-body.ts';

/** Reads a body from beginning to end, and stops at the first fault. */
export abstract class BodyScan {
  protected readonly bytes: Buffer;
  /** The index of the next byte. */
  protected at = 0;
  protected fault: BodyFault | undefined;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  /** Skips white space, which is the same in JSON (RFC 8259, 2) and XML 1.0 (2.3). */
  protected space(): void {
    for (;;) {
      const byte = this.bytes[this.at];
      if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return;
      this.at += 1;
    }
  }

  protected wrong(problem: string): false {
    this.fault ??= { kind: 'malformed', problem, at: this.at };
    return false;
  }

  protected limit(problem: string): false {
    this.fault ??= { kind: 'limit', problem, at: this.at };
    return false;
  }
}
