import { setTimeout as sleep } from 'node:timers/promises';
import { startOstiary } from '../real/ostiary.ts';
import type { RealOstiary } from '../real/ostiary.ts';
import { CheckClient } from './check-client.ts';
import type { Answer } from './check-client.ts';
import { Ledger } from './ledger.ts';
import type { Random } from './random.ts';
import { driven, meshDocuments } from './shop.ts';

const COSTS = [1, 1, 1, 2, 3, 5];

/** Replicas of the service that share one Redis. */
export class RealMesh {
  readonly #policies = meshDocuments();
  readonly #args: readonly string[];
  readonly #replicas: { process: RealOstiary; client: CheckClient }[] = [];
  readonly ledgers = driven.map((contract) => new Ledger(contract));

  /** @param redisFlags how each replica reaches Redis */
  constructor(redisFlags: readonly string[]) {
    this.#args = [...redisFlags, '--quiet', '--log-level', 'error', '--drain-delay', '100ms', '--drain', '1s'];
  }

  get size(): number {
    return this.#replicas.length;
  }

  async start(replicas: number): Promise<void> {
    await Promise.all(Array.from({ length: replicas }, () => this.#add()));
    await this.untilJoined();
  }

  /** Waits until every replica has joined Redis. */
  async untilJoined(): Promise<void> {
    for (const { process } of this.#replicas) {
      for (;;) {
        const ready = (await (await fetch(`${process.adminUrl}/readyz`)).json()) as { store: { available: boolean } };
        if (ready.store.available) break;
        await sleep(50);
      }
    }
  }

  /** Sends Checks of random clients and costs to random replicas, one after the other, until the time is up. */
  async drive(random: Random, until: number, pauseMs: number): Promise<void> {
    while (performance.now() < until) {
      await this.checkOne(random, random.pick(this.ledgers), random.pick(COSTS));
      if (pauseMs > 0) await sleep(random.next() * 2 * pauseMs);
    }
  }

  /** One Check at a random replica. */
  async checkOne(random: Random, ledger: Ledger, cost: number): Promise<Answer> {
    const { client } = random.pick(this.#replicas);
    const answer = await client.check(ledger.driven.api, ledger.driven.client, cost);
    ledger.note(answer);
    return answer;
  }

  /** SIGKILL, and another one in its place. */
  async killOne(random: Random): Promise<void> {
    const index = random.integer(0, this.#replicas.length - 1);
    await this.#replicas[index]?.process.kill();
    await this.#replace(index);
  }

  /** SIGTERM, and another one in its place. */
  async restartOne(random: Random): Promise<void> {
    const index = random.integer(0, this.#replicas.length - 1);
    await this.#replicas[index]?.process.stop();
    await this.#replace(index);
  }

  async stop(): Promise<void> {
    await Promise.all(
      this.#replicas.splice(0).map(async ({ process, client }) => {
        await process.stop();
        client.close();
      }),
    );
  }

  async #add(): Promise<void> {
    const process = await startOstiary({ policies: this.#policies, args: this.#args });
    this.#replicas.push({ process, client: new CheckClient(process.listen) });
  }

  async #replace(index: number): Promise<void> {
    const before = this.#replicas[index];
    const process = await startOstiary({ policies: this.#policies, args: this.#args });
    this.#replicas[index] = { process, client: new CheckClient(process.listen) };
    before?.client.close();
  }
}
