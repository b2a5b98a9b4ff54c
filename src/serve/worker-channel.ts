import { Socket } from 'node:net';
import type { RelayedDocuments } from './document-relay.ts';
import type { OwnerDocuments } from './owner-documents.ts';
import type { ToOwner, ToWorker } from './worker-messages.ts';

type FromOwner = Exclude<ToWorker, { kind: 'ping' | 'documents' | 'control_heard' }>;

/** What a worker does with documents that its owner hands on. */
interface DocumentsTaken extends Pick<OwnerDocuments, 'enforce'> {
  heardAt: number;
}

/** A worker's end of the channel to its owner. Without the owner a worker has no work and no quota, so it ends. */
export class WorkerChannel {
  #heard: ((message: FromOwner, handle: unknown) => void) | undefined;
  #documents: DocumentsTaken | undefined;
  #early: { readonly message: FromOwner; readonly handle: unknown }[] = [];

  /** From here on, the owner is notified that this process's event loop runs. */
  constructor() {
    process.once('disconnect', () => process.exit(1));
    process.on('message', (message: ToWorker, handle: unknown) => {
      if (message.kind === 'ping') this.send({ kind: 'pong' });
      else if (message.kind === 'documents') void this.#enforce(message.id, message.documents);
      else if (message.kind === 'control_heard') this.#tellHeard(message.heardAt);
      else if (this.#heard === undefined) this.#early.push({ message, handle });
      else this.#heard(message, handle);
    });
  }

  /** From here on, documents that the owner hands on are enforced. */
  takeDocuments(documents: DocumentsTaken): void {
    this.#documents = documents;
  }

  async #enforce(id: number, documents: RelayedDocuments): Promise<void> {
    const faults = (await this.#documents?.enforce(documents)) ?? [];
    this.send({ kind: 'documents_taken', id, faults });
  }

  #tellHeard(heardAt: number): void {
    if (this.#documents !== undefined) this.#documents.heardAt = heardAt;
  }

  send(message: ToOwner): void {
    if (process.connected) process.send?.(message);
  }

  /**
   * Handles the messages that came before.
   * @param connected called with each connection that is handed over
   */
  listen(
    heard: (message: Exclude<FromOwner, { kind: 'connection' }>) => void,
    connected: (socket: Socket) => void,
  ): void {
    this.#heard = (message, handle) => {
      if (message.kind !== 'connection') return heard(message);
      // There is none if the client is already gone.
      if (!(handle instanceof Socket)) return this.send({ kind: 'closed', connections: 1 });
      handle.once('close', () => this.send({ kind: 'closed', connections: 1 }));
      connected(handle);
    };
    for (const { message, handle } of this.#early.splice(0)) this.#heard(message, handle);
  }

  /** The process may end. */
  close(): void {
    process.removeAllListeners('disconnect');
    process.disconnect();
  }
}
