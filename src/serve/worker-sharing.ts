import type { Sharing } from '../analytics/sharing.ts';
import type { Epoch } from '../analytics/tags.ts';
import type { ToOwner, ToWorker } from './worker-messages.ts';

/** Credits are told together after this time. */
const BATCH_MS = 100;
/** A worker that starts tells its epoch before it serves, but what the owner tells others may still be under way. */
const LATE_EPOCH_MS = 250;

export type SharingMessage = Extract<ToWorker, { readonly kind: 'epochs' | 'credits' }>;

/** What the workers of one replica share of decisions, by their owner: keys of epochs, and whose entries have come. */
export class WorkerSharing implements Sharing {
  readonly #send: (message: ToOwner) => void;
  readonly #after: (delayMs: number, callback: () => void) => unknown;
  readonly #keys = new Map<number, Buffer>();
  /** By epoch, until they are told. */
  readonly #credits = new Map<number, number[]>();
  #own: { readonly epoch: number; readonly credit: (sequence: number) => void } | undefined;

  constructor(send: (message: ToOwner) => void, after: (delayMs: number, callback: () => void) => unknown) {
    this.#send = send;
    this.#after = after;
  }

  /** @param credit called with each decision of ours whose entry has come to another worker */
  announce({ number, key }: Epoch, credit: (sequence: number) => void): void {
    this.#own = { epoch: number, credit };
    this.#send({ kind: 'epoch', epoch: number, key: key.toString('base64') });
  }

  heard(message: SharingMessage): void {
    if (message.kind === 'epochs') {
      for (const { epoch, key } of message.epochs) this.#keys.set(epoch, Buffer.from(key, 'base64'));
    } else if (message.epoch === this.#own?.epoch) {
      for (const sequence of message.sequences) this.#own.credit(sequence);
    }
  }

  keyOf(epoch: number): Promise<Buffer | undefined> {
    const known = this.#keys.get(epoch);
    if (known !== undefined) return Promise.resolve(known);
    return new Promise((resolve) => {
      this.#after(LATE_EPOCH_MS, () => resolve(this.#keys.get(epoch)));
    });
  }

  credit(epoch: number, sequence: number): void {
    const waiting = this.#credits.get(epoch);
    if (waiting !== undefined) return void waiting.push(sequence);
    if (this.#credits.size === 0) this.#after(BATCH_MS, () => this.#tell());
    this.#credits.set(epoch, [sequence]);
  }

  /** Without the owner there is no worker. */
  isBroken(): boolean {
    return false;
  }

  #tell(): void {
    for (const [epoch, sequences] of this.#credits) this.#send({ kind: 'credits', epoch, sequences });
    this.#credits.clear();
  }
}
