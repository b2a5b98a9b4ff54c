import { readFile } from 'node:fs/promises';
import { createInspector } from '../api/inspector.ts';
import { systemClock as clock } from '../clock.ts';
import { openConfigSource } from '../config/config-source.ts';
import type { ConfigSource } from '../config/config-source.ts';
import { formatFault } from '../config/fault.ts';
import { createCounterStore } from '../counter/create.ts';
import { Repetitions } from '../counter/repetitions.ts';
import { createCheckMethod } from '../envoy/service.ts';
import { createKeySets } from '../jwt/key-sets.ts';
import { systemTimers } from '../jwt/timers.ts';
import { createLog, standardOutput } from '../observe/log.ts';
import { createMetrics } from '../observe/metrics.ts';
import { createObserver } from '../observe/observer.ts';
import type { Observer } from '../observe/observer.ts';
import { policyKinds } from '../policies/index.ts';
import type { DecisionPorts } from '../policy/deliberation.ts';
import { clientAddress } from '../policy/locate.ts';
import { formatListenAddress } from '../rpc/address.ts';
import type { RpcTransport } from '../rpc/rpc.ts';
import { openServer } from '../server/server.ts';
import { counterOptionsOf } from './counter-flags.ts';
import { addressesOf, tlsFilesOf } from './serve-options.ts';
import type { ServeFlags } from './serve-flags.ts';
import { productVersion } from './product.ts';
import { tryLines } from './try-lines.ts';

export interface Service {
  /** Where it listens, and lines to try. */
  readonly welcome: string;
  stop(signal: NodeJS.Signals): Promise<void>;
}

/** More decision lines a second are counted, not written. */
const MAX_DECISION_LINES_PER_SECOND = 1000;

/** The composition root: everything impure is made here and handed down. */
export async function startService(flags: ServeFlags, environment: NodeJS.ProcessEnv): Promise<Service> {
  const addresses = addressesOf(flags);
  const tls = tlsFilesOf(flags);
  const version = productVersion();
  const metrics = createMetrics({ clock, version });
  const log = createLog(
    flags.logLevel,
    standardOutput(() => metrics.log.dropped()),
  );
  const observer = createObserver({
    metrics,
    log,
    clock,
    allowRate: flags.logAllowRate,
    maxLinesPerSecond: MAX_DECISION_LINES_PER_SECOND,
    random: Math.random,
    clientAddress: (check) => clientAddress(check, flags.trustedHops),
  });
  const keySets = createKeySets({
    fetch,
    clock,
    timers: systemTimers,
    random: Math.random,
    onFetch: (fetched) => observer.keySetFetched(fetched),
  });
  const store = metrics.instrumentStore(
    createCounterStore(counterOptionsOf(flags), {
      clock,
      metrics: metrics.counters,
      report: ({ level, message }) => log[level]('counter store', { detail: message }),
    }),
  );
  const documents = await openConfigSource({
    paths: flags.policies,
    policyKinds,
    environment: { clock, keySets },
    env: environment,
    readFile: (path) => readFile(path),
    clock,
  });
  metrics.config.loaded(documents.current());
  documents.onChange((snapshot, { successful, faults }) => {
    if (successful) {
      metrics.config.loaded(snapshot);
      log.info('documents reloaded', { snapshot: snapshot.version, apis: snapshot.apis.length });
    } else {
      metrics.config.rejected();
      for (const fault of faults)
        log.error('fault in documents: the last good ones stay in force', { detail: formatFault(fault) });
    }
  });

  // An explanation is neither a Check that Envoy sends again nor one to be remembered.
  const repetitions = new Repetitions(() => clock.monotonic());
  const ports: DecisionPorts = {
    take: (demands, deadline) => store.take(demands, deadline),
    clock,
    unmatched: flags.unmatched,
    trustedHops: flags.trustedHops,
    failed: (policy, error) => observer.policyFailed(policy, error),
  };
  const snapshot = () => documents.current();
  const server = await openServer({
    ...addresses,
    transport: await transportOf(flags, observer),
    tls,
    apiTokenFile: flags.apiTokenFile,
    maxMessageBytes: flags.maxMessageBytes,
    authorization: createCheckMethod({ snapshot, ports: { ...ports, repetitions }, observer }),
    inspector: createInspector({ snapshot, faults: () => documents.status().faults, store, ports }),
    clock,
    details: () => ({ store: store.health(), keySets: keySets.status(), documents: publicStatus(documents) }),
    metrics,
    version: { version, node: process.versions.node },
    events: {
      failed: (path, error) => observer.callFailed(path, error),
      tlsServed: (notAfter) => metrics.tls.served('grpc', notAfter),
      tlsFault: (message) => log.error('certificate not taken over', { detail: message }),
    },
  });
  server.ready();
  log.info('ready', { version, addresses: Object.values(server.addresses).map(formatListenAddress) });

  return {
    welcome: tryLines(
      {
        ...server.addresses,
        tls: tls === undefined ? 'none' : flags.tlsClientCa === undefined ? 'server' : 'mutual',
        policies: flags.policies,
      },
      documents.current(),
    ),
    async stop(signal) {
      log.info('draining', { signal });
      await server.drain({ drainDelayMs: flags.drainDelay, drainMs: flags.drain });
      await documents.close();
      keySets.close();
      await store.close();
      log.info('stopped');
      await observer.flush();
    },
  };
}

/** Only the one in use is loaded. */
async function transportOf({ transport }: ServeFlags, observer: Observer): Promise<RpcTransport> {
  if (transport === 'grpc-js') return (await import('../rpc/grpc-js.ts')).grpcJsTransport;
  const { http2Transport } = await import('../http2/transport.ts');
  return http2Transport({ observer: observer.transport('grpc') });
}

/** For everyone who reaches `/readyz`: where the faults are. What the documents say there is for operators. */
function publicStatus(documents: ConfigSource): Readonly<Record<string, unknown>> {
  const { successful, faults } = documents.status();
  const places = faults.slice(0, 10).map((fault) => formatFault({ ...fault, message: '' }));
  return { version: documents.current().version, successful, faults: faults.length, places };
}
