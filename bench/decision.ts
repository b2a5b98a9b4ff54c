// Our decision without a network: a Check's bytes in, the answer's bytes out. Run: node bench/decision.ts
import { fromBinary } from '@bufbuild/protobuf';
import { CheckResponseSchema } from '../gen/envoy/service/auth/v3/external_auth_pb.js';
import { Accounts } from '../src/analytics/accounts.ts';
import { drawEpoch } from '../src/analytics/tags.ts';
import { systemClock } from '../src/clock.ts';
import { Repetitions } from '../src/decision/repetitions.ts';
import { compile } from '../src/document/compile.ts';
import { createCheckMethod } from '../src/envoy/check-service.ts';
import { systemFiles } from '../src/file-access.ts';
import { MemoryCounterStore } from '../src/memory/memory-store.ts';
import { createLog } from '../src/observe/log.ts';
import { createMetrics } from '../src/observe/metrics.ts';
import { createObserver } from '../src/observe/observer.ts';
import type { PolicyEnvironment } from '../src/policies/environment.ts';
import { policyKinds } from '../src/policies/index.ts';
import { loadDocuments } from '../src/source/load-documents.ts';
import { openShop } from './shop.ts';
import type { Shop } from './shop.ts';
import { nanosecondsPerCall } from './timing.ts';
import { policyEnvironment } from '../test/policies/environment.ts';

/** Asks a Check again and again, each time with a stream id of its own. */
export interface Asking {
  /** @returns the bytes of the answer */
  readonly ask: () => Uint8Array | Promise<Uint8Array>;
  /** Checks that were charged, and those that were asked. */
  readonly counts: { charged: number; asked: number };
  readonly close: () => Promise<void>;
}

/**
 * All that a process has to decide, but a network.
 * @param policies a folder of documents
 */
/** @param given what policies use of the process, in place of the usual */
export async function openAsking(
  { policies, checkOf }: Pick<Shop, 'policies' | 'checkOf'>,
  given: Partial<PolicyEnvironment> = {},
): Promise<Asking> {
  const clock = systemClock;
  const environment = policyEnvironment(given);
  const loaded = await loadDocuments([policies], { clock });
  const readFile = (path: string, maxBytes: number) => systemFiles.read(path, maxBytes);
  const compiled = await compile(loaded, { policyKinds, environment, env: {}, readFile, clock });
  if (compiled.snapshot === undefined) throw new Error(compiled.faults.map(({ message }) => message).join('\n'));
  const { snapshot } = compiled;
  const store = new MemoryCounterStore(clock);
  const counts = { charged: 0, asked: 0 };
  // Counted and logged as the service does it, but that nobody reads the lines.
  const observer = createObserver({
    metrics: createMetrics({ clock, version: 'bench' }),
    log: createLog('info', { write: () => undefined, flush: async () => undefined }, () => clock.now()),
    clock,
    allowRate: 0.01,
    maxLinesPerSecond: 100,
    random: Math.random,
    clientAddress: (one) => one.sourceAddress,
  });
  const method = createCheckMethod({
    snapshot: () => snapshot,
    ports: {
      clock,
      take: (demands) => {
        counts.charged += 1;
        return store.take(demands);
      },
      repetitions: new Repetitions(),
      unmatched: 'deny',
      trustedHops: 0,
      xffAppended: 'auto',
      hosts: { port: 'exact', finalDot: 'exact' },
      failed: (policy, error) => observer.policyFailed(policy, error),
    },
    observer,
    ids: new Accounts({ clock, epoch: drawEpoch(), spanMs: 10_000, isBroken: () => false, settled() {} }),
  });
  if (method.kind !== 'unary') throw new Error('Check is unary');
  const { handle } = method;
  const signal = new AbortController().signal;
  // Every Check has a stream id of its own, as Envoy's have: digits in place of a mark.
  const mark = '1000000000000000000';
  const check = Buffer.from(checkOf(mark));
  const place = check.indexOf(mark);
  const ask = () => {
    const asked = String((counts.asked += 1));
    check.write(asked, place + mark.length - asked.length, 'latin1');
    return handle(check, { deadline: clock.monotonic() + 200, signal });
  };
  const close = async () => {
    await store.close();
    environment.keySets.close();
    compiled.dispose();
  };
  return { ask, counts, close };
}

/** Nanoseconds of one core that a Check takes with a cached token and the memory store. */
export async function nanosecondsPerDecision(shop: Shop): Promise<number> {
  const { ask, counts, close } = await openAsking(shop);
  const first = fromBinary(CheckResponseSchema, await ask());
  if (first.status?.code !== 0) throw new Error(`the Check is denied: ${JSON.stringify(first.dynamicMetadata)}`);
  const nanoseconds = nanosecondsPerCall(() => {
    const answer = ask();
    if (answer instanceof Promise) throw new Error('the token is not cached');
    return answer.length;
  }, 50_000);
  if (counts.charged !== counts.asked) throw new Error(`${counts.charged} of ${counts.asked} Checks were charged`);
  await close();
  return nanoseconds;
}

if (import.meta.main) {
  const nanoseconds = await nanosecondsPerDecision(await openShop());
  console.log(`${nanoseconds.toFixed(0)} ns a decision: ${(1e9 / nanoseconds).toFixed(0)}/s on one core`);
}
