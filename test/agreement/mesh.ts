import fc from 'fast-check';
import { documentsFolder } from '../e2e/documents.ts';
import { startEnvoy } from '../real/envoy.ts';
import { startOstiary } from '../real/ostiary.ts';
import { freePort } from '../real/scratch.ts';
import { wrong } from './judge.ts';
import { agreementBootstrap, documents, LAYOUTS, listenerName, UPSTREAM_NAMES } from './layouts.ts';
import type { Layout } from './layouts.ts';
import { hostileRequest } from './spellings.ts';
import { startUpstreams } from './upstreams.ts';
import type { Seen } from './upstreams.ts';
import { WireClient } from './wire-client.ts';
import type { WireAnswer, WireRequest } from './wire-client.ts';

/** A real Envoy with every layout, a server for every upstream, and an ostiary for each way to compare hosts. */
export interface AgreementMesh {
  /** @param patienceMs how long an answer is waited for */
  send(layout: Layout, rawHeaders: boolean, request: WireRequest, patienceMs?: number): Promise<WireAnswer>;
  stop(): Promise<void>;
}

export async function startAgreementMesh(): Promise<AgreementMesh> {
  const upstreams = await startUpstreams(UPSTREAM_NAMES);
  const [exact, ignore] = await Promise.all(
    (['exact', 'ignore'] as const).map(async (hostPort) => {
      const port = await freePort();
      const policies = documentsFolder(documents(hostPort));
      const args = ['--host-port', hostPort, '--log-level', 'error'];
      const ostiary = await startOstiary({ policies, listen: `127.0.0.1:${port}`, args });
      return { ostiary, endpoint: { kind: 'tcp', host: '127.0.0.1', port } as const };
    }),
  );
  if (exact === undefined || ignore === undefined) throw new Error('two were started');
  const endpoints = { exact: exact.endpoint, ignore: ignore.endpoint };
  const envoy = await startEnvoy(agreementBootstrap(endpoints, (name) => upstreams.port(name)));
  const clients = new Map<string, WireClient>();
  return {
    send(layout, rawHeaders, request, patienceMs = 10_000) {
      const name = listenerName(layout, rawHeaders);
      const key = `${name} ${patienceMs}`;
      let client = clients.get(key);
      if (client === undefined) clients.set(key, (client = new WireClient(envoy.port(name), patienceMs)));
      return client.send(request);
    },
    async stop() {
      for (const client of clients.values()) client.close();
      await Promise.all([envoy.stop(), exact.ostiary.stop(), ignore.ostiary.stop(), upstreams.close()]);
    },
  };
}

/** Many a hostile request is never answered. */
const HOSTILE_PATIENCE_MS = 500;

export interface Onslaught {
  /** How many reached an upstream: none of these tests is worth anything if nothing does. */
  readonly reached: number;
  /** Upstreams that were reached, and layouts where one was. */
  readonly upstreams: ReadonlySet<string>;
  readonly layouts: ReadonlySet<string>;
  readonly found: readonly string[];
}

/** Sends generated requests, each in one layout, and tells what reached an upstream that it must not reach. */
export async function attack(mesh: AgreementMesh, count: number, seed: number): Promise<Onslaught> {
  const fronts = LAYOUTS.flatMap((layout) => [false, true].map((rawHeaders) => ({ layout, rawHeaders })));
  const found: string[] = [];
  const upstreams = new Set<string>();
  const reachedLayouts = new Set<string>();
  let reached = 0;
  const requests = fc.sample(hostileRequest, { numRuns: count, seed });
  await Promise.all(
    fronts.map(async ({ layout, rawHeaders }, front) => {
      for (let i = front; i < requests.length; i += fronts.length) {
        const request = requests[i] as WireRequest;
        const { status, body } = await mesh.send(layout, rawHeaders, request, HOSTILE_PATIENCE_MS);
        if (status !== 200 || !body.startsWith('{"upstream"')) continue;
        const seen = JSON.parse(body) as Seen;
        reached += 1;
        upstreams.add(seen.upstream);
        reachedLayouts.add(layout.name);
        const problem = wrong(request, seen, layout.match === 'rewritten prefixes');
        if (problem !== undefined) {
          found.push(`${listenerName(layout, rawHeaders)}: ${JSON.stringify(request)}: ${problem}`);
        }
      }
    }),
  );
  return { reached, upstreams, layouts: reachedLayouts, found };
}
