import type { Log } from '../observe/log.ts';
import type { Cell, Missing } from './decided-span.ts';

const TOLD_EVERY_MS = 60_000;
/** Addresses of Envoys that are told each minute. */
const MOST_TOLD = 5;
/** Turns of ten seconds. */
const TURNS_OF_RATIO = 6;

export interface LossesPorts {
  readonly log: Pick<Log, 'warn'>;
  readonly monotonic: () => number;
}

interface Settled {
  decided: number;
  unreported: number;
}

/** Tells once a minute whose entries are lost, if any are. */
export class Losses {
  readonly #ports: LossesPorts;
  /** By the address of the Envoy. */
  readonly #byDestination = new Map<string, Settled>();
  /** Of the last turns, the last one is under way. */
  #recent: Settled[] = [{ decided: 0, unreported: 0 }];
  #toldAt: number;

  constructor(ports: LossesPorts) {
    this.#ports = ports;
    this.#toldAt = ports.monotonic();
  }

  settled({ destination, decided, reported }: Cell, missing: Missing): void {
    const unreported = missing === 'unreported' ? decided - reported : 0;
    // What nobody can say is no part of the ratio.
    const known = missing === 'unreported' ? decided : reported;
    const { name } = destination;
    let sums = this.#byDestination.get(name);
    if (sums === undefined) this.#byDestination.set(name, (sums = { decided: 0, unreported: 0 }));
    for (const to of [sums, this.#recent.at(-1) as Settled]) {
      to.decided += known;
      to.unreported += unreported;
    }
  }

  /** Of the decisions of about a minute, a minute ago, the share that has its entry. Undefined: there were none. */
  ratio(): number | undefined {
    let decided = 0;
    let unreported = 0;
    for (const one of this.#recent) {
      decided += one.decided;
      unreported += one.unreported;
    }
    return decided === 0 ? undefined : 1 - unreported / decided;
  }

  turn(): void {
    this.#recent.push({ decided: 0, unreported: 0 });
    if (this.#recent.length > TURNS_OF_RATIO) this.#recent.shift();
    const now = this.#ports.monotonic();
    if (now - this.#toldAt < TOLD_EVERY_MS) return;
    this.#toldAt = now;
    const losing = [...this.#byDestination].filter(([, { unreported }]) => unreported > 0);
    this.#byDestination.clear();
    losing.sort(([, one], [, other]) => other.unreported - one.unreported);
    for (const [name, sums] of losing.slice(0, MOST_TOLD)) this.#tell(name, sums);
    const others = losing.slice(MOST_TOLD);
    if (others.length === 0) return;
    const sums = { decided: 0, unreported: 0 };
    for (const [, { decided, unreported }] of others) {
      sums.decided += decided;
      sums.unreported += unreported;
    }
    this.#tell(`${others.length} more`, sums);
  }

  #tell(address: string, { decided, unreported }: Settled): void {
    const detail = `${unreported} of ${decided} decisions have no entry: see "What is missing" in docs/analytics.md`;
    this.#ports.log.warn("entries of Envoy's access log are lost", { address, detail });
  }
}
