import type { SharedAccounts } from './shared-accounts.ts';
import type { ToOwner } from './worker-messages.ts';
import type { WorkerProcess } from './worker-process.ts';

export type AccountsMessage = Extract<ToOwner, { readonly kind: 'epoch' | 'key_wanted' | 'claims' }>;

type Worker = Pick<WorkerProcess, 'send' | 'claim'>;

/** The owner's side of what its workers share of their decisions. */
export class WorkerAccounts {
  readonly #accounts: SharedAccounts;

  constructor(accounts: SharedAccounts) {
    this.#accounts = accounts;
  }

  heard(worker: Worker, message: AccountsMessage): void {
    if (message.kind === 'epoch') {
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
