import type { KeyObject } from 'node:crypto';
import type { Link } from './chain.ts';
import { isHeadSigned } from './head.ts';
import type { SignedHead } from './head.ts';

/** Compares both chains with a head that was signed earlier, and kept where nobody could change it. */
export class HeadCheck {
  readonly problems: string[] = [];
  readonly #head: SignedHead | undefined;
  #eventHash: string | undefined;

  constructor(head: SignedHead | undefined, publicKey: KeyObject | undefined) {
    this.#head = head;
    if (head !== undefined && publicKey !== undefined && !isHeadSigned(head, publicKey)) {
      this.problems.push('the head is not signed by the key of this trail');
    }
  }

  take({ sequence, hash }: Link): void {
    if (sequence === this.#head?.sequence) this.#eventHash = hash;
  }

  /** @param first the first event that is there; undefined: all of them are @param histories of the log; absent: not known */
  end(
    changes: {
      readonly revision: number;
      readonly sequence: number;
      hashAt(revision: number): string | undefined;
      /** What was before is not known. */
      readonly knownFrom?: number;
    },
    first: number | undefined,
    histories?: readonly string[],
  ): void {
    const head = this.#head;
    if (head === undefined) return;
    const of = `the head of ${head.at}`;
    if (histories !== undefined && !histories.includes(head.history)) {
      this.problems.push(`${of} is of another log: its history ${head.history} is none of this one`);
    }
    if (head.revision > changes.revision) {
      this.problems.push(`${of} says revision ${head.revision}, and the last change is ${changes.revision}`);
    } else if (head.revision < (changes.knownFrom ?? 0)) {
      this.problems.push(
        `${of} is of revision ${head.revision}, which is before what this has: they can't be compared`,
      );
    } else if (changes.hashAt(head.revision) !== head.hash) {
      this.problems.push(
        `revision ${head.revision} has another hash than in ${of}: it, or a change before it, was written anew`,
      );
    }
    if (head.sequence > changes.sequence) {
      this.problems.push(`${of} says event ${head.sequence}, and the last one is ${changes.sequence}`);
    } else if (head.sequence > 0 && head.sequence >= (first ?? 1) && this.#eventHash !== head.eventHash) {
      this.problems.push(
        `event ${head.sequence} has another hash than in ${of}: it, or an event before it, was written anew`,
      );
    }
  }
}
