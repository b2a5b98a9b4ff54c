import { readMark } from '../analytics/mark.ts';
import type { Mark } from '../analytics/mark.ts';
import type { ReplicaPost } from '../redis/replica-post.ts';
import { SILENT_MS } from './inheritance.ts';
import type { MarkStore, Written } from './inheritance.ts';

/** As long as entries may come late, and somebody may take them over. */
const MARK_TTL_MS = 6 * 3_600_000;
/** Only one replica takes over at a time; it may end too. */
const TAKING_TTL_MS = 20_000;
/** Nothing is to be done for that process. */
const GONE = '{}';
/** Of the latest processes that have begun. */
const MOST_PROCESSES = 512;

export interface AccountValuesPorts {
  readonly post: Pick<ReplicaPost, 'put' | 'putNew' | 'get' | 'append' | 'list'>;
  /** Before each key. */
  readonly prefix: string;
  /** This process's name, of its own among all. */
  readonly self: string;
  readonly monotonic: () => number;
}

interface Kept {
  readonly owner: string;
  readonly keeper: string;
  readonly mark: Mark;
}

/** Marks of accounts in Redis, which replicas share. Who has been silent is seen by a value that stays the same. */
export class AccountValues implements MarkStore {
  readonly isShared = true;
  readonly #ports: AccountValuesPorts;
  readonly #listed = new Set<number>();
  /** Values of others, and since when they have been the same, monotonic milliseconds. */
  readonly #seen = new Map<number, { readonly text: string; readonly since: number }>();
  #beat = 0;

  constructor(ports: AccountValuesPorts) {
    this.#ports = ports;
  }

  /** What others have left is taken over when they have been silent for long enough. */
  async read(): Promise<readonly Mark[]> {
    return [];
  }

  async write(mark: Mark, isOwn: boolean): Promise<Written> {
    const { post, self } = this.#ports;
    const { epoch } = mark;
    const isFirst = isOwn && !this.#listed.has(epoch);
    const before = isFirst ? undefined : keptIn(await post.get(this.#keyOf(epoch)));
    if (!isOwn && before !== undefined && before.keeper !== self)
      return before.keeper === before.owner ? 'given_back' : 'lost';
    await this.#put({ owner: isOwn ? self : (before?.owner ?? ''), keeper: self, mark });
    if (isFirst) {
      await post.append(this.#list, [String(epoch)], MARK_TTL_MS, MOST_PROCESSES);
      this.#listed.add(epoch);
    }
    return before !== undefined && before.keeper !== self ? 'returned' : 'written';
  }

  /** It is not removed, since it may be another's by now: it expires. */
  async remove(epoch: number): Promise<void> {
    this.#seen.delete(epoch);
    const { post } = this.#ports;
    try {
      await post.put(this.#keyOf(epoch), GONE, TAKING_TTL_MS);
    } catch {
      // Whoever takes it over finds nothing to do.
    }
  }

  async orphans(): Promise<readonly Mark[]> {
    const { post, self, monotonic } = this.#ports;
    const marks: Mark[] = [];
    const listed = new Set((await post.list(this.#list)).map(Number).filter((epoch) => Number.isSafeInteger(epoch)));
    for (const epoch of this.#seen.keys()) if (!listed.has(epoch)) this.#seen.delete(epoch);
    for (const epoch of listed) {
      const text = (await post.get(this.#keyOf(epoch))) ?? GONE;
      const kept = keptIn(text);
      if (kept === undefined || kept.keeper === self) {
        this.#seen.delete(epoch);
        continue;
      }
      const seen = this.#seen.get(epoch);
      if (seen?.text !== text) this.#seen.set(epoch, { text, since: monotonic() });
      else if (monotonic() - seen.since >= SILENT_MS && (await this.#take(epoch, kept))) marks.push(kept.mark);
    }
    return marks;
  }

  async close(): Promise<void> {}

  async #take(epoch: number, kept: Kept): Promise<boolean> {
    const { post, prefix, self } = this.#ports;
    if (!(await post.putNew(`${prefix}heir:${hex(epoch)}`, self, TAKING_TTL_MS))) return false;
    await this.#put({ ...kept, keeper: self });
    this.#seen.delete(epoch);
    return true;
  }

  async #put(kept: Kept): Promise<void> {
    const text = JSON.stringify({ ...kept, beat: (this.#beat += 1) });
    await this.#ports.post.put(this.#keyOf(kept.mark.epoch), text, MARK_TTL_MS);
  }

  get #list(): string {
    return `${this.#ports.prefix}processes`;
  }

  #keyOf(epoch: number): string {
    return `${this.#ports.prefix}mark:${hex(epoch)}`;
  }
}

function hex(epoch: number): string {
  return epoch.toString(16).padStart(8, '0');
}

function keptIn(text: string | null): Kept | undefined {
  try {
    const { owner, keeper, mark } = JSON.parse(text ?? GONE) as Readonly<Record<string, unknown>>;
    const read = readMark(JSON.stringify(mark ?? null));
    return typeof owner === 'string' && typeof keeper === 'string' && read !== undefined
      ? { owner, keeper, mark: read }
      : undefined;
  } catch {
    return undefined;
  }
}
