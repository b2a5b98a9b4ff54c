import { epochText } from '../analytics/tags.ts';
import type { Slot } from '../rollup/slot.ts';
import type { Inheritance } from './inheritance.ts';
import type { SharedAccounts } from './shared-accounts.ts';
import type { ToOwner } from './worker-messages.ts';
import type { WorkerProcess } from './worker-process.ts';

export type AccountsMessage = Extract<ToOwner, { readonly kind: 'epoch' | 'mark' | 'key_wanted' | 'claims' }>;

type Worker = Pick<WorkerProcess, 'send' | 'claim'>;

/** The owner's side of what its workers share of their decisions. */
export class WorkerAccounts {
  readonly #accounts: SharedAccounts;
  readonly #epochs = new Map<Worker, number>();
  /** By epoch, the number of the last slot that has come. */
  readonly #slots = new Map<string, number>();
  #inheritance: Inheritance | undefined;

  constructor(accounts: SharedAccounts) {
    this.#accounts = accounts;
  }

  /** From now on the accounts of workers that have ended are kept. */
  inheritTo(inheritance: Inheritance): void {
    this.#inheritance = inheritance;
  }

  gave({ epoch, sequence }: Pick<Slot, 'epoch' | 'sequence'>): void {
    this.#slots.set(epoch, sequence);
  }

  exited(worker: Worker): void {
    const epoch = this.#epochs.get(worker);
    this.#epochs.delete(worker);
    if (epoch === undefined) return;
    const text = epochText(epoch);
    if (this.#inheritance === undefined) this.#accounts.forget(epoch);
    else this.#inheritance.ended(epoch, this.#slots.get(text) ?? 0);
    this.#slots.delete(text);
  }

  heard(worker: Worker, message: AccountsMessage): void {
    if (message.kind === 'mark') this.#inheritance?.note(message.mark);
    else if (message.kind === 'epoch') {
      this.#epochs.set(worker, message.epoch);
      const key = Buffer.from(message.key, 'base64');
      this.#accounts.keep(message.epoch, { key, claim: (sequences) => worker.claim(sequences) });
    } else if (message.kind === 'key_wanted') void this.#tellKey(worker, message.question, message.epoch);
    else void this.#claim(worker, message);
  }

  async #tellKey(worker: Worker, question: number, epoch: number): Promise<void> {
    const key = await this.#accounts.keyOf(epoch);
    const isKey = typeof key === 'object';
    worker.send({
      kind: 'key',
      question,
      key: isKey ? key.toString('base64') : undefined,
      why: isKey ? undefined : key,
    });
  }

  async #claim(worker: Worker, message: Extract<ToOwner, { readonly kind: 'claims' }>): Promise<void> {
    const { question, epoch, sequences } = message;
    const credits = await this.#accounts.claim(epoch, sequences);
    worker.send({ kind: 'claimed', question, credits: credits === 'away' ? undefined : credits });
  }
}
