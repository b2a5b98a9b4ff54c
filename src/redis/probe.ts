import type { Clock } from '../clock.ts';
import type { RedisClient } from './client.ts';
import { codeOf } from './server-error.ts';

// Asks a server whether it answers, until it does. Accepted connections prove little: the server may be stopped, load
// its data, run somebody's script or require a password. INFO would say more, but not every server and proxy supports
// it.

export interface ProbePorts {
  readonly clock: Clock;
  /** It answers. Called once for each {@link Probe.start}. */
  readonly answers: (client: RedisClient) => void;
  /** It answers with an error that concerns every call. */
  readonly refuses: (error: unknown) => void;
}

const PROBE_EVERY_MS = 100;
/** A connection that was silent for so long is given up: its other end may have gone without notice. */
const GIVE_UP_MS = 2000;

export class Probe {
  readonly #ports: ProbePorts;
  #timer: NodeJS.Timeout | undefined;

  constructor(ports: ProbePorts) {
    this.#ports = ports;
  }

  start(client: RedisClient): void {
    this.stop();
    const { clock, answers, refuses } = this.#ports;
    let isAsking = false;
    let silentSince = clock.monotonic();
    const timer = setInterval(() => void probe(), PROBE_EVERY_MS).unref();
    this.#timer = timer;
    const isCurrent = (): boolean => this.#timer === timer;
    const found = (): void => {
      if (!isCurrent()) return;
      this.stop();
      answers(client);
    };
    async function probe(): Promise<void> {
      if (client.status !== 'ready') return;
      if (isAsking) {
        if (clock.monotonic() - silentSince < GIVE_UP_MS) return;
        silentSince = clock.monotonic();
        client.disconnect(true);
        return;
      }
      isAsking = true;
      try {
        await client.ping();
        found();
      } catch (error) {
        if (answersThough(error)) found();
        else if (isCurrent()) refuses(error);
      }
      isAsking = false;
      silentSince = clock.monotonic();
    }
    void probe();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}

/** Without PING itself, or the right to it, a server answers all the same. */
function answersThough(error: unknown): boolean {
  return ['UNKNOWN_COMMAND', 'NOPERM'].includes(codeOf(error));
}
