import type { KeyObject } from 'node:crypto';
import { NO_HASH } from '../registry/chain.ts';
import { eventHash } from './chain.ts';
import type { Link } from './chain.ts';
import { removalOf } from './removal.ts';
import type { Removal } from './removal.ts';
import type { EventTable } from './tables.ts';

export interface EventReplayPorts {
  /** Of the log of changes, as far as it was read; undefined: not yet, or not at all. */
  readonly hashAt: (revision: number) => string | undefined;
  /** What was before this revision is not known. */
  readonly knownFrom?: number;
  /** Says whether a removal is one that was signed; absent: whoever verifies has no key. */
  readonly publicKey?: KeyObject | undefined;
}

/** More problems than anyone reads. */
const MOST_PROBLEMS = 20;

interface Tie {
  readonly sequence: number;
  readonly revision: number;
  readonly hash: string;
}

/** What events must be: one after the other, each after a change that was there. */
export class EventReplay {
  readonly problems: string[] = [];
  sequence: number;
  hash: string;
  readonly #ports: EventReplayPorts;
  readonly #start: Link;
  /** The first one, where others were before it: their removal is an event that comes later. */
  #first: EventTable | undefined;
  #removal: Removal | undefined;
  /** Of events whose change was not read yet. */
  #ties: Tie[] = [];
  #revision = 0;

  /** @param start the event before the first one; absent: all of them come, but for those that were removed */
  constructor(ports: EventReplayPorts, start: Link = { sequence: 0, hash: NO_HASH }) {
    this.#ports = ports;
    this.#start = start;
    this.sequence = start.sequence;
    this.hash = start.hash;
  }

  take(row: EventTable): void {
    const { hash, ...facts } = row;
    const { sequence, head_revision: revision, head_hash: headHash } = facts;
    if (this.sequence === this.#start.sequence && this.#start.sequence === 0 && sequence > 1) this.#first = row;
    else {
      if (sequence !== this.sequence + 1) this.#tell(missing(this.sequence + 1, sequence - 1));
      if (eventHash(this.hash, facts) !== hash) this.#tell(`${nameOf(row)} was changed after it was written`);
    }
    if (revision < this.#revision) this.#tell(`${nameOf(row)} names an earlier change than the event before it`);
    else this.#revision = revision;
    this.#tie({ sequence, revision, hash: headHash });
    this.#look(row);
    this.sequence = sequence;
    this.hash = hash;
  }

  /** @param head as it is kept beside the events; absent: it is not known */
  end(head?: Link): void {
    const ties = this.#ties;
    this.#ties = [];
    for (const tie of ties) {
      if (!this.#tie(tie))
        this.#tell(`event ${tie.sequence} names revision ${tie.revision}, which the log does not have`);
    }
    this.#ties = [];
    const first = this.#first;
    if (first !== undefined) {
      const { hash, ...facts } = first;
      if (this.#removal?.through !== first.sequence - 1) {
        this.#tell(`${missing(1, first.sequence - 1)}, and no event says that they were removed`);
      } else if (eventHash(this.#removal.hash, facts) !== hash) {
        this.#tell(`${nameOf(first)} was changed after it was written`);
      }
    }
    if (head !== undefined && (head.sequence !== this.sequence || head.hash !== this.hash)) {
      this.#tell(`the head says event ${head.sequence}, and the last one is ${this.sequence}`);
    }
  }

  /** The first event that is there; undefined: all of them are. */
  get first(): number | undefined {
    return this.#first?.sequence;
  }

  #look(row: EventTable): void {
    if (row.action !== 'audit.pruned') return;
    const removal = removalOf(row);
    const { publicKey } = this.#ports;
    if (removal === undefined || (publicKey !== undefined && !removal.isSignedBy(publicKey))) {
      this.#tell(`${nameOf(row)} is not signed by the key of this trail: others have removed events`);
    }
    if (removal?.through === (this.#first?.sequence ?? 0) - 1) this.#removal = removal;
  }

  /** @returns whether the change was read already */
  #tie(tie: Tie): boolean {
    if (tie.revision < (this.#ports.knownFrom ?? 0)) return true;
    const known = this.#ports.hashAt(tie.revision);
    if (known === undefined) {
      this.#ties.push(tie);
      return false;
    }
    if (known !== tie.hash) {
      this.#tell(`event ${tie.sequence} names revision ${tie.revision} with another hash than the log has`);
    }
    return true;
  }

  #tell(problem: string): void {
    if (this.problems.length < MOST_PROBLEMS) this.problems.push(problem);
  }
}

function nameOf({ sequence, action, actor }: EventTable): string {
  return `event ${sequence} (${[action, actor].filter((each) => each !== '').join(' by ')})`;
}

function missing(from: number, until: number): string {
  if (until < from) return `event ${until + 1} comes where event ${from} is expected`;
  return from === until ? `event ${from} is missing` : `events ${from} to ${until} are missing`;
}
