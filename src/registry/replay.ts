import { canonicalJson } from '../document/version.ts';
import { chainHash, contentDigest, digestedChainHash, hasOrigin, NO_HASH } from './chain.ts';
import type { ChangeFacts } from './chain.ts';
import { keyText } from './conflict.ts';
import type { ChangeTable } from './tables.ts';

/** A change with its contents, or with their digests where whoever reads it may not see all of them. */
export interface ReplayedChange extends ChangeFacts {
  readonly hash: string;
  /** As text; undefined: there is none, or it is withheld. */
  readonly before: string | undefined;
  readonly after: string | undefined;
  readonly withheld?: { readonly before: string | undefined; readonly after: string | undefined };
}

/** More problems than anyone reads. */
const MOST_PROBLEMS = 20;
const HASH_BYTES = 32;

/** What changes must come to: made of one after the other. */
export class Replay {
  readonly problems: string[] = [];
  /** Changes whose contents were withheld, and that are hashed with them: nobody can say whether they were altered. */
  unverifiable = 0;
  revision: number;
  hash: string;
  readonly #start: { readonly revision: number; readonly hash: string };
  /** The digest of what each resource is, by its key. */
  readonly #resources = new Map<string, string>();
  #hashes = Buffer.alloc(HASH_BYTES * 64);

  /** @param start the change before the first one; absent: all of them come */
  constructor(start: { readonly revision: number; readonly hash: string } = { revision: 0, hash: NO_HASH }) {
    this.revision = start.revision;
    this.hash = start.hash;
    this.#start = start;
  }

  take(change: ReplayedChange): void {
    const { revision, withheld } = change;
    if (revision !== this.revision + 1) this.#tell(missing(this.revision + 1, revision - 1));
    const key = keyText(change);
    const digests = withheld ?? { before: contentDigest(change.before), after: contentDigest(change.after) };
    const expected = this.#expected(change);
    if (expected === undefined) this.unverifiable += 1;
    else if (expected !== change.hash) this.#tell(`revision ${revision} (${key}) was changed after it was written`);
    const known = this.#resources.get(key);
    // What was before the first one is not known.
    if (digests.before !== known && (this.#start.revision === 0 || known !== undefined)) {
      this.#tell(`revision ${revision} (${key}) does not follow from the changes before it`);
    }
    if (digests.after === undefined) this.#resources.delete(key);
    else this.#resources.set(key, digests.after);
    this.revision = revision;
    this.hash = change.hash;
    this.#remember(change.hash);
  }

  /** The hash of a revision; undefined: it was not among the changes. */
  hashAt(revision: number): string | undefined {
    if (revision === this.#start.revision) return this.#start.hash;
    const at = (revision - this.#start.revision - 1) * HASH_BYTES;
    if (at < 0 || revision > this.revision) return undefined;
    return this.#hashes.toString('hex', at, at + HASH_BYTES);
  }

  /** @param text of a resource as it is now */
  compare(key: string, text: string): void {
    if (this.#resources.get(key) !== contentDigest(text)) this.#tell(`${key} is not what the log says`);
    this.#resources.delete(key);
  }

  end(head: { readonly revision: number; readonly hash: string }): void {
    for (const key of this.#resources.keys())
      this.#tell(`${key} is missing, and the log does not say that it was deleted`);
    if (head.revision !== this.revision || head.hash !== this.hash) {
      this.#tell(`the head says revision ${head.revision}, and the last change is ${this.revision}`);
    }
  }

  #expected(change: ReplayedChange): string | undefined {
    const { withheld } = change;
    if (withheld !== undefined) {
      return hasOrigin(change) ? digestedChainHash(this.hash, { ...change, ...withheld }) : undefined;
    }
    return chainHash(this.hash, { ...change, before: canonical(change.before), after: canonical(change.after) });
  }

  #remember(hash: string): void {
    const at = (this.revision - this.#start.revision - 1) * HASH_BYTES;
    if (at < 0 || at > this.#hashes.length + HASH_BYTES * 1_000_000) return;
    if (at + HASH_BYTES > this.#hashes.length) {
      const larger = Buffer.alloc(2 * (at + HASH_BYTES));
      this.#hashes.copy(larger);
      this.#hashes = larger;
    }
    this.#hashes.write(hash, at, HASH_BYTES, 'hex');
  }

  #tell(problem: string): void {
    if (this.problems.length < MOST_PROBLEMS) this.problems.push(problem);
  }
}

export function replayedOf({ changed_at, before, after, ...row }: ChangeTable): ReplayedChange {
  return {
    ...row,
    at: changed_at,
    before: before === '' ? undefined : before,
    after: after === '' ? undefined : after,
  };
}

function missing(from: number, until: number): string {
  if (until < from) return `revision ${until + 1} comes where revision ${from} is expected`;
  return from === until ? `revision ${from} is missing` : `revisions ${from} to ${until} are missing`;
}

/** Text that is no JSON stays as it is: its hash is another one. */
function canonical(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  try {
    return canonicalJson(JSON.parse(text));
  } catch {
    return text;
  }
}
