import type { Log } from '../observe/log.ts';
import type { Cell, Missing } from './decided-span.ts';
import type { EnvoyLossIn } from './envoy-losses.ts';

const TOLD_EVERY_MS = 60_000;
/** The most Envoys that are named in the log each minute. */
const MOST_TOLD = 5;
/** The ratio covers this many turns, of ten seconds each. */
const TURNS_OF_RATIO = 6;

export interface LossesPorts {
  readonly log: Pick<Log, 'warn'>;
  readonly monotonic: () => number;
}

/** Told once a turn. */
type TakeLosses = (losses: readonly EnvoyLossIn[]) => void;

interface Settled {
  decided: number;
  unreported: number;
}

/** Reports once a minute which Envoys' entries are lost, if any. */
export class Losses {
  readonly #ports: LossesPorts; /** Of this turn, by the address of the Envoy. */
  readonly #turn = new Map<string, Settled & { startMs: number }>();
  /** Of this minute, by the same. */
  readonly #byDestination = new Map<string, Settled>();
  /** The last turns; the last element is the current one. */
  #recent: Settled[] = [{ decided: 0, unreported: 0 }];
  #toldAt: number;
  #take: TakeLosses = () => {};

  constructor(ports: LossesPorts) {
    this.#ports = ports;
    this.#toldAt = ports.monotonic();
  }

  /** From now on told whose entries have come and whose have not. */
  follow(take: TakeLosses): void {
    this.#take = take;
  }

  /** @param startMs of the decisions: milliseconds since the Unix epoch */
  settled({ destination, decided, reported }: Cell, missing: Missing, startMs: number): void {
    const unreported = missing === 'unreported' ? decided - reported : 0;
    // Decisions whose state is unknown are not part of the ratio.
    const known = missing === 'unreported' ? decided : reported;
    const { name } = destination;
    let sums = this.#turn.get(name);
    if (sums === undefined) this.#turn.set(name, (sums = { decided: 0, unreported: 0, startMs }));
    for (const to of [sums, this.#recent.at(-1) as Settled]) {
      to.decided += known;
      to.unreported += unreported;
    }
  }

  /**
   * The share of decisions that were reported, for about a minute that ended a minute ago. Undefined: there were no
   * decisions.
   */
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
    const losses: EnvoyLossIn[] = [];
    for (const [envoy, { decided, unreported, startMs }] of this.#turn) {
      losses.push({ envoy, decided, unreported, startMs });
      let sums = this.#byDestination.get(envoy);
      if (sums === undefined) this.#byDestination.set(envoy, (sums = { decided: 0, unreported: 0 }));
      sums.decided += decided;
      sums.unreported += unreported;
    }
    this.#turn.clear();
    if (losses.length > 0) this.#take(losses);
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
