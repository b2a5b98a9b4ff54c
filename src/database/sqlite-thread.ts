import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { SqliteAnswer, SqliteFailure, SqliteOpening, SqliteQuestion, SqliteValue } from './sqlite-messages.ts';

export interface SqliteResult {
  readonly rows: readonly unknown[];
  readonly changes: number | bigint;
}

/** An error of SQLite. */
export class SqliteError extends Error {
  override name = 'SqliteError';
  /** Its primary result code (sqlite.org/rescode.html); 0: the thread itself has failed. */
  readonly code: number;
  constructor({ code, message }: SqliteFailure) {
    super(message);
    this.code = code;
  }
}

/** In the bundle, the thread's program is a file beside the others. */
function startThread(): Worker {
  const isSource = import.meta.filename.endsWith('.ts');
  const program = join(import.meta.dirname, isSource ? 'sqlite-worker.ts' : 'sqlite-worker.js');
  return new Worker(program, { name: 'sqlite' });
}

type Asked = SqliteQuestion extends infer Q ? (Q extends { id: number } ? Omit<Q, 'id'> : never) : never;

/** A file of SQLite in a thread of its own. If the thread has ended, the next question starts a new one. */
export class SqliteThread {
  readonly #opening: SqliteOpening;
  readonly #start: () => Worker;
  #worker: Worker | undefined;
  #lastId = 0;
  readonly #waiting = new Map<number, PromiseWithResolvers<SqliteResult>>();
  #isClosed = false;

  constructor(opening: SqliteOpening, start = startThread) {
    this.#opening = opening;
    this.#start = start;
  }

  /** @throws SqliteError */
  async run(sql: string, parameters: readonly SqliteValue[]): Promise<SqliteResult> {
    if (this.#worker === undefined) await this.open();
    return this.#ask({ kind: 'run', sql, parameters });
  }

  /** @throws SqliteError */
  async open(): Promise<void> {
    if (this.#isClosed) throw new SqliteError({ code: 0, message: 'the database is closed' });
    const worker = this.#start();
    this.#worker = worker;
    // A call that waits for an answer keeps the process alive only if something else does.
    worker.unref();
    worker.on('message', (answer: SqliteAnswer) => this.#answered(answer));
    // The event `exit` follows, and rejects the calls that wait.
    worker.on('error', () => {});
    worker.on('exit', () => this.#ended(worker));
    try {
      await this.#ask({ kind: 'open', opening: this.#opening });
    } catch (error) {
      this.#worker = undefined;
      void worker.terminate();
      throw error;
    }
  }

  /** Closes after all earlier calls. */
  async close(): Promise<void> {
    this.#isClosed = true;
    if (this.#worker === undefined) return;
    await this.#ask({ kind: 'close' }).catch(() => {});
  }

  async #ask(asked: Asked): Promise<SqliteResult> {
    const id = ++this.#lastId;
    const waiting = Promise.withResolvers<SqliteResult>();
    this.#waiting.set(id, waiting);
    this.#worker?.ref();
    const question: SqliteQuestion = { ...asked, id };
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has none
    this.#worker?.postMessage(question);
    return waiting.promise;
  }

  #answered(answer: SqliteAnswer): void {
    const waiting = this.#waiting.get(answer.id);
    this.#waiting.delete(answer.id);
    if (this.#waiting.size === 0) this.#worker?.unref();
    if ('error' in answer) waiting?.reject(new SqliteError(answer.error));
    else waiting?.resolve(answer);
  }

  #ended(worker: Worker): void {
    if (this.#worker !== worker) return;
    this.#worker = undefined;
    const error = new SqliteError({ code: 0, message: 'the thread that has the file has ended' });
    for (const waiting of this.#waiting.values()) waiting.reject(error);
    this.#waiting.clear();
  }
}
