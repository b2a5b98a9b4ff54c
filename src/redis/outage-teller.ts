import { remedyFor } from './server-error.ts';

// Reports once that the store is lost and why, again for each new reason while it stays away, and once that it is back.
// The end of a connection says little, and the next try gives the reason, so the report waits for that.

/** Why the store can't be used now. */
export interface Trouble {
  /** As `server-error.ts` names it. */
  readonly code: string;
  /** A sentence without secrets. */
  readonly detail: string;
}

export interface StoreEvent {
  /** `connected` at the first time, `back` after it was lost. */
  readonly kind: 'connected' | 'lost' | 'back';
  /** What has happened, and what an operator can do. */
  readonly detail: string;
}

export interface OutagePorts {
  /** Such as `Redis at redis.svc:6379`. */
  readonly name: string;
  readonly tell: (event: StoreEvent) => void;
}

/** How long to wait for a better reason. */
const VAGUE_MS: Readonly<Record<string, number>> = { STARTING: 2500, CLOSED: 400 };

export class Outage {
  readonly #ports: OutagePorts;
  readonly #told = new Set<string>();
  #waiting: { readonly trouble: Trouble; readonly timer: NodeJS.Timeout } | undefined;
  #wasThere = false;
  #isThere = false;

  constructor(ports: OutagePorts) {
    this.#ports = ports;
  }

  /** The store can't be used, for this reason; undefined: it can. Call this at every change. */
  see(trouble: Trouble | undefined): void {
    if (trouble === undefined) return this.#sees();
    this.#isThere = false;
    if (this.#told.has(kindOf(trouble))) return;
    const delayMs = VAGUE_MS[trouble.code];
    if (delayMs === undefined) this.#tell(trouble);
    else if (this.#told.size === 0 && this.#waiting?.trouble.code !== trouble.code) this.#wait(trouble, delayMs);
  }

  close(): void {
    clearTimeout(this.#waiting?.timer);
  }

  #sees(): void {
    if (this.#isThere) return;
    this.#isThere = true;
    const waiting = this.#waiting;
    // It was away for too short a time to know why.
    if (waiting !== undefined && this.#wasThere) this.#tell(waiting.trouble);
    this.#stopWaiting();
    const { name, tell } = this.#ports;
    if (!this.#wasThere) tell({ kind: 'connected', detail: `${name} counts the quota` });
    else if (this.#told.size > 0) tell({ kind: 'back', detail: `${name} is back and counts the quota` });
    this.#wasThere = true;
    this.#told.clear();
  }

  #wait(trouble: Trouble, delayMs: number): void {
    this.#stopWaiting();
    this.#waiting = { trouble, timer: setTimeout(() => this.#tell(trouble), delayMs).unref() };
  }

  #stopWaiting(): void {
    clearTimeout(this.#waiting?.timer);
    this.#waiting = undefined;
  }

  #tell({ code, detail }: Trouble): void {
    this.#stopWaiting();
    this.#told.add(kindOf({ code }));
    const remedy = remedyFor(code);
    const { name, tell } = this.#ports;
    const follows = 'meanwhile each policy does what its onStoreFailure says';
    tell({ kind: 'lost', detail: `${name}: ${detail}${remedy === '' ? '' : ` (${remedy})`}; ${follows}` });
  }
}

/** One line for a connection that has ended and can't be made again. */
function kindOf({ code }: Pick<Trouble, 'code'>): string {
  return code === 'CLOSED' ? 'UNREACHABLE' : code;
}
