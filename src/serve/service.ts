import { EnvoyLosses } from '../analytics/envoy-losses.ts';
import type { EnvoyLossIn } from '../analytics/envoy-losses.ts';
import { systemClock as clock } from '../clock.ts';
import { firstFaults, formatFault, MAX_TOLD_FAULTS } from '../document/fault.ts';
import { endLeanStart } from '../engine.ts';
import { formatListenAddress } from '../listen/address.ts';
import { createInspector } from '../operator/inspector.ts';
import { productVersion } from '../product.ts';
import { followsControl } from './control-flags.ts';
import { connectionLimits, descriptorLimit } from './connection-limits.ts';
import type { ConfigSource } from '../source/documents-in-force.ts';
import { followAlerts, withQuotas } from './alerting.ts';
import { historyOf } from './analytics-history.ts';
import { openDecider } from './decider.ts';
import type { EmbeddedControl } from './embedded-control.ts';
import type { Decider } from './decider.ts';
import type { ServeFlags } from './serve-flags.ts';
import { forwardAuthOf } from './http-flags.ts';
import { addressesOf, drainTimesOf, modeOf, tlsFilesOf } from './serve-options.ts';
import { archiveOf } from './slot-archive.ts';
import { questionDeskOf } from './question-desk.ts';
import type { Asked } from './question-desk.ts';
import { refreshEverywhere } from './refresh-keys.ts';
import { inheritanceOf } from './open-inheritance.ts';
import { joinReplicas } from './join-replicas.ts';
import { probeDesk } from './probes.ts';
import { createReporting } from './reporting.ts';
import { reportsOf, toBoth } from './reports.ts';
import { openServer } from './server.ts';
import { keeperOf, SharedAccounts } from './shared-accounts.ts';
import { decidesSome } from './decides-some.ts';
import { tellWarnings } from './tell-warnings.ts';
import { programOf, tryLines } from './try-lines.ts';
import { batchOf } from './worker-batches.ts';
import type { EventBatch } from './worker-messages.ts';
import { transportOf, workersOf } from './workers.ts';

export interface Service {
  /** Where it listens, and lines to try. */
  readonly welcome: string;
  /** Resolves when health and `/readyz` say yes. Never rejects. */
  readonly ready: Promise<void>;
  stop(signal: NodeJS.Signals): Promise<void>;
}

/**
 * The composition root: everything impure is made here and passed down.
 * @param embedded a control plane in this process, whose documents are enforced beside those of the folder
 */
export async function startService(
  flags: ServeFlags,
  environment: NodeJS.ProcessEnv,
  embedded?: EmbeddedControl,
): Promise<Service> {
  const addresses = addressesOf(flags);
  const tls = tlsFilesOf(flags);
  const drainTimes = drainTimesOf(flags);
  const forwardAuth = forwardAuthOf(flags, modeOf(flags.listenMode, '--listen-mode'));
  const version = productVersion();
  const connections = connectionLimits(descriptorLimit(), flags.maxConnections, forwardAuth !== undefined);
  const reporting = createReporting(flags);
  await using opened = new AsyncDisposableStack();
  const own = embedded === undefined ? await historyOf(flags, reporting) : undefined;
  opened.defer(() => own?.close());
  const history = embedded?.history ?? own;
  const reports = await reportsOf(flags, reporting);
  const questions = await questionDeskOf(flags.control.length > 0 || embedded !== undefined, reporting);
  const accounts = new SharedAccounts();
  let sinks: Decider['sinks'];
  const envoyLosses = new EnvoyLosses(() => clock.now());
  const addLosses = (losses: readonly EnvoyLossIn[]): void => losses.forEach((loss) => envoyLosses.add(loss));
  const fromWorkers = {
    losses: addLosses,
    slot: toBoth(history?.writer, reports),
    // No worker runs before they are open.
    events: async (batch: EventBatch) => sinks?.give(batch.sink, batchOf(batch)),
  };
  const workers = workersOf(flags, reporting, fromWorkers, accounts);
  const shared = workers && { counters: workers.shared, relay: workers.relay };
  const parts = { sharing: accounts, reports, questions, embedded, ...shared };
  const decider = await openDecider(flags, environment, reporting, parts);
  opened.defer(() => decider.close());
  ({ sinks } = decider);
  accounts.keep(decider.accounts.epoch.number, keeperOf(decider.accounts));
  const replicas = joinReplicas(flags, accounts, reporting.log);
  opened.defer(() => replicas?.close());
  if (workers === undefined) decider.followLosses(addLosses);
  if (history !== undefined) decider.addSlotTaker(history.writer);
  if (reports !== undefined) decider.addSlotTaker(reports);
  reports?.addSamples(workers?.samples ?? decider.samples);
  if (embedded !== undefined) {
    const { giveSamples } = await import('./embedded-samples.ts');
    opened.defer(giveSamples(workers?.samples ?? decider.samples, embedded));
  }
  const inheriting = { accounts, decider, history: history?.history, replicas };
  const inheritance = await inheritanceOf(flags, reporting, inheriting);
  decider.inherit(() => inheritance.turn());
  workers?.inheritTo(inheritance);
  await inheritance.open();
  // Those of a control plane are evaluated there, once for all sidecars.
  const alertParts = { ...withQuotas(decider), occurred: embedded?.occurred };
  const alerts = reports === undefined ? history && followAlerts(flags, alertParts, history.history) : undefined;
  opened.defer(() => alerts?.close());
  const { documents, keySets, log, metrics, observer, ports, store } = decider;
  // The longest that one team's dead issuer delays the requests of others.
  const keysLoaded = keySets.untilLoaded(flags.readyWait);
  const snapshot = () => documents.current();
  const asked: Asked = {
    inspector: createInspector({
      snapshot,
      faults: () => firstFaults(documents.status().faults, MAX_TOLD_FAULTS),
      store,
      refreshKeys: refreshEverywhere(keySets, workers && ((url) => workers.refreshKeys(url)), log),
      ports,
      explained: (decision) => observer.explained(decision),
      countersReset: (reset) => observer.countersReset(reset),
    }),
    analytics: {
      archive: history && archiveOf(history.history),
      samples: workers?.samples ?? decider.samples,
      unreportedBy: (sinceMs, untilMs) => envoyLosses.between(sinceMs, untilMs),
    },
  };
  questions?.open(asked);
  const server = await openServer({
    ...addresses,
    transport: workers?.transport ?? (await transportOf(flags, decider)),
    tls,
    apiTokenFile: flags.apiTokenFile,
    forwardAuth: forwardAuth && { ...forwardAuth, ownedHeaders: () => snapshot().identityHeaders.names },
    maxMessageBytes: flags.maxMessageBytes,
    gzip: flags.gzip,
    connections,
    authorization: decider.authorization,
    accessLog: decider.accessLog,
    ...asked,
    probes: probeDesk(decider.probes, () => workers?.probes() ?? []),
    clock,
    details: () => ({ store: store.health(), keySets: keySets.status(), documents: publicStatus(documents) }),
    metrics: workers === undefined ? metrics : { expose: (accept) => workers.expose(metrics, accept) },
    version: { version, node: process.versions.node },
    events: {
      failed: (path, error) => observer.callFailed(path, error),
      refused: (method, why) => observer.callRefused(method, why),
      notAsked: (reason, why) => observer.questionRefused(reason, why),
      tlsServed: (notAfter) => metrics.tls.served('grpc', notAfter),
      tlsFault: (message) => log.error('certificate not taken over', { detail: message }),
    },
  });
  tellWarnings(documents, log);
  opened.move();
  let isStopping = false;
  const becomeReady = async (): Promise<void> => {
    const [missing] = await Promise.all([keysLoaded, replicas?.joined, decidesSome(documents)]);
    if (isStopping) return;
    for (const { url, detail } of missing) {
      log.warn('ready without a key set: tokens of its issuer are denied until it is loaded', { url, detail });
    }
    endLeanStart();
    server.ready();
    workers?.setServing(true);
    const listening = Object.values(server.addresses).map(formatListenAddress);
    log.info('ready', { version, addresses: listening, store: decider.storeName });
  };

  return {
    ready: becomeReady(),
    welcome: tryLines(
      {
        ...server.addresses,
        apiTokenFile: flags.apiTokenFile,
        policies: followsControl(flags) ? [] : flags.policies,
        program: programOf(environment, process.argv[1] ?? 'ostiary'),
      },
      documents.current(),
    ),
    async stop(signal) {
      isStopping = true;
      const end = clock.monotonic() + drainTimes.drainMs;
      log.info('draining', { signal });
      workers?.setServing(false);
      await server.drain(drainTimes);
      await sinks?.close(Math.max(0, end - clock.monotonic()));
      await alerts?.close();
      await decider.close();
      await inheritance.close();
      replicas?.close();
      await own?.close();
      log.info('stopped');
      await observer.flush();
    },
  };
}

/**
 * For everyone who can reach `/readyz`: only the places of faults. The content of documents, including field names, is
 * for operators.
 */
function publicStatus(documents: ConfigSource): Readonly<Record<string, unknown>> {
  const { successful, faults, held } = documents.status();
  const { version, ...snapshot } = documents.current();
  const places = faults.slice(0, 10).map((fault) => formatFault({ ...fault, field: '', message: '' }));
  const withheld = snapshot.apis.filter((api) => api.withheld !== undefined).length;
  const isDenying = snapshot.withheld !== undefined;
  return { version, successful, faults: faults.length, places, held: held.length, withheld, isDenying };
}
