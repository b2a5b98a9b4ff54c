import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { documentsFolder, writeDocument } from '../e2e/documents.ts';
import type { Document } from '../e2e/documents.ts';
import { runOstiary, startOstiary } from '../real/ostiary.ts';
import type { RealOstiary } from '../real/ostiary.ts';
import { scratchFolder } from '../real/scratch.ts';
import { CheckClient } from './check-client.ts';
import { documentsOf, FIRST } from './scenario.ts';

/** A process of the service, and a connection to it. */
export interface Replica {
  /** No other has it, also not the one that replaces this one. */
  readonly name: string;
  readonly process: RealOstiary;
  readonly client: CheckClient;
}

/** Replicas of the service that share one Redis. */
export class RealMesh {
  readonly #policies: string;
  readonly #tokenFile = join(scratchFolder('token'), 'token');
  readonly #args: readonly string[];
  #born = 0;
  readonly replicas: Replica[] = [];

  /** @param flags how each replica reaches Redis, and others */
  constructor(flags: readonly string[], documents: readonly Document[] = documentsOf(FIRST)) {
    this.#policies = documentsFolder(documents);
    writeFileSync(this.#tokenFile, randomUUID());
    const quickly = ['--drain-delay', '100ms', '--drain', '1s'];
    this.#args = [...flags, '--quiet', '--log-level', 'error', ...quickly, '--api-token-file', this.#tokenFile];
  }

  /** Replicas that were ever started. */
  get born(): number {
    return this.#born;
  }

  async start(replicas: number): Promise<void> {
    const started = await Promise.all(Array.from({ length: replicas }, () => this.#add()));
    this.replicas.push(...started);
    await this.untilJoined();
  }

  /** Waits until every replica has joined Redis. */
  async untilJoined(): Promise<void> {
    for (;;) {
      const joined = await Promise.all(this.replicas.map(({ process }) => hasJoined(process)));
      if (joined.every(Boolean)) return;
      await sleep(50);
    }
  }

  /** Waits until every replica has heard of every other. */
  async untilAcquainted(): Promise<void> {
    const all = this.replicas.length ** 2;
    while (metricOf(await this.metrics(), 'ostiary_quota_replicas') !== all) await sleep(100);
  }

  /** SIGKILL, and another one in its place. */
  async kill(index: number): Promise<void> {
    await this.replicas[index]?.process.kill();
    await this.#replace(index);
  }

  /** SIGTERM, and another one in its place. */
  async restart(index: number): Promise<void> {
    await this.replicas[index]?.process.stop();
    await this.#replace(index);
  }

  /** Writes documents, and waits until every replica has them in force. */
  async adopt(documents: readonly Document[]): Promise<void> {
    const before = await this.versions();
    for (const document of documents) writeDocument(this.#policies, document);
    for (;;) {
      const versions = await this.versions();
      if (new Set(versions).size === 1 && versions[0] !== before[0] && versions[0] !== undefined) return;
      await sleep(20);
    }
  }

  /** The version of the documents that each replica has in force. */
  async versions(): Promise<(string | undefined)[]> {
    const texts = await this.metrics();
    return texts.map((text) => /^ostiary_snapshot_info\{version="(\w+)"\} 1/m.exec(text)?.[1]);
  }

  /** What each replica's metrics say. */
  async metrics(): Promise<string[]> {
    return Promise.all(this.replicas.map(async ({ process }) => (await fetch(`${process.adminUrl}/metrics`)).text()));
  }

  /** `ostiary counters reset`, as an operator calls it: again where the store has not answered in time. Returns how often. */
  async reset(api: string, client: string, at = 0): Promise<number> {
    const access = ['--api', this.replicas[at]?.process.apiUrl ?? '', '--api-token-file', this.#tokenFile];
    for (let times = 1; ; times++) {
      const command = await runOstiary(['counters', 'reset', api, '--client', `${client}-id`, ...access]);
      if ((await command.exited) === 0) return times;
      if (times === 20 || !command.output().includes('the counter store')) throw new Error(command.output());
    }
  }

  /** In good order. */
  async stop(): Promise<void> {
    await Promise.all(
      this.replicas.splice(0).map(async ({ process, client }) => {
        await process.stop();
        client.close();
      }),
    );
  }

  async #add(): Promise<Replica> {
    this.#born += 1;
    const name = `replica ${this.#born}`;
    const process = await startOstiary({ policies: this.#policies, args: this.#args });
    return { name, process, client: new CheckClient(process.listen) };
  }

  async #replace(index: number): Promise<void> {
    const before = this.replicas[index];
    this.replicas[index] = await this.#add();
    before?.client.close();
  }
}

async function hasJoined({ adminUrl }: RealOstiary): Promise<boolean> {
  try {
    const ready = (await (await fetch(`${adminUrl}/readyz`)).json()) as { store: { available: boolean } };
    return ready.store.available;
  } catch {
    // It is gone, and another one takes its place.
    return false;
  }
}

/** The sum of a counter's series whose labels are as told, such as `by="allow"`. */
export function metricOf(texts: readonly string[], name: string, label = ''): number {
  let sum = 0;
  for (const text of texts) {
    for (const [, labels = '', value] of text.matchAll(new RegExp(`^${name}(?:\\{(.*)\\})? (.*)$`, 'gm'))) {
      if (labels.includes(label)) sum += Number(value);
    }
  }
  return sum;
}
