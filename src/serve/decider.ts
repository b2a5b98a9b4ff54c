import { randomBytes } from 'node:crypto';
import type { Accounts } from '../analytics/accounts.ts';
import type { Completeness } from '../analytics/completeness.ts';
import { noSharing } from '../analytics/sharing.ts';
import type { Sharing } from '../analytics/sharing.ts';
import type { AccessLogService } from '../analytics/access-log-service.ts';
import type { SampleArchive } from '../analytics/sampled-request.ts';
import { systemClock as clock, systemTimers } from '../clock.ts';
import { storeName } from '../redis/store-name.ts';
import type { DecisionPorts } from '../decision/deliberation.ts';
import { Repetitions } from '../decision/repetitions.ts';
import type { Egress } from '../egress/egress.ts';
import { systemEgress } from '../egress/system-egress.ts';
import { createCheckMethod } from '../envoy/check-service.ts';
import { systemFiles } from '../file-access.ts';
import type { Method } from '../grpc/rpc.ts';
import { inquiryDesk } from '../inquiry/open-inquiries.ts';
import { createKeySets } from '../jwt/key-sets.ts';
import type { KeySets } from '../jwt/key-sets.ts';
import { ProbeWatch } from '../operator/probe-watch.ts';
import { openPasswordChecks } from '../password/open.ts';
import { policyKinds } from '../policies/index.ts';
import type { CounterStore } from '../quota/store.ts';
import type { ConfigSource } from '../source/documents-in-force.ts';
import { openAccounting } from './accounting.ts';
import type { Accounting } from './accounting.ts';
import { openAnalytics } from './analytics.ts';
import type { Analytics } from './analytics.ts';
import { broughtKeysOf } from './api-key-hmac.ts';
import { counterOptionsOf } from './counter-flags.ts';
import { createCounterStore } from './counter-store.ts';
import type { SharedCounters } from './counter-store.ts';
import { keySetStoreOf } from './key-set-store.ts';
import { locateOptionsOf } from './locate-flags.ts';
import { openDocuments } from './documents.ts';
import type { SharedDocuments } from './documents.ts';
import { openEventSinks } from './event-sinks.ts';
import type { EventSinks, OpenSinks } from './event-sinks.ts';
import { probed } from './probes.ts';
import { reportDocuments } from './report-documents.ts';
import type { Reporting } from './reporting.ts';
import type { ServeFlags } from './serve-flags.ts';
import { tracingOf } from './tracing.ts';

/** Decides Checks, with everything that this needs. */
export interface Decider extends Reporting {
  /** `envoy.service.auth.v3.Authorization/Check`. */
  readonly authorization: Method;
  readonly accessLog: AccessLogService;
  readonly samples: SampleArchive;
  readonly addSlotTaker: Analytics['addSlotTaker'];
  /** How the accounts of what this process decides are now: after {@link Decider.close}, too. */
  readonly mark: Analytics['mark'];
  /** Tells from now on what has become known of decisions of processes that have ended. */
  readonly inherit: Accounting['completeness']['inherit'];
  /** Close these first, with the remaining time. Undefined: events go nowhere. */
  readonly sinks: EventSinks | undefined;
  /** Whose entries of Envoy's log have come and whose have not. */
  readonly followLosses: Completeness['followLosses'];
  /** The accounts of this process's decisions. */
  readonly accounts: Accounts;
  readonly ports: DecisionPorts;
  readonly store: CounterStore;
  /** Requests of operators among what this process decides. */
  readonly probes: ProbeWatch;
  /** Where the counters are, without user and password. */
  readonly storeName: string;
  readonly documents: ConfigSource;
  readonly keySets: KeySets;
  /** The client for URLs in documents. */
  readonly egress: Egress;
  /** Returns all leases. Call this when no Check is under way any more. */
  close(): Promise<void>;
}

/** What differs where several processes decide. */
export interface DeciderParts extends SharedDocuments {
  /** Counters in memory, where several processes share them. */
  readonly counters?: SharedCounters;
  /** With whom accounts of decisions are shared; the default is nobody. */
  readonly sharing?: Sharing;
  /** The default: sinks of this process' own. */
  readonly openSinks?: OpenSinks;
  /** Called when the first Envoy streams its log here. */
  readonly onFirstStream?: () => void;
}

/** Loads the documents and makes everything that a process needs to decide. */
export async function openDecider(
  flags: ServeFlags,
  environment: NodeJS.ProcessEnv,
  reporting: Reporting,
  {
    counters: shared,
    sharing = noSharing,
    openSinks = openEventSinks,
    onFirstStream,
    relay,
    reports,
    questions,
    fromOwner,
    embedded,
  }: DeciderParts = {},
): Promise<Decider> {
  // Open resources keep the process alive, so they are closed if the start fails, and the fault is reported last.
  await using opened = new AsyncDisposableStack();
  const { metrics, log, observer } = reporting;
  const locating = locateOptionsOf(flags);
  const { egress, transport } = systemEgress({
    variables: environment,
    allow: flags.egressAllow,
    timers: systemTimers,
  });
  const keySets = createKeySets({
    fetch: transport,
    clock,
    timers: systemTimers,
    random: Math.random,
    onFetch: (fetched) => observer.keySetFetched(fetched),
    onStored: (url, fetchedAt) => {
      const detail = `as it was fetched at ${new Date(fetchedAt).toISOString()}: its issuer has not answered yet`;
      log.warn('key set taken from disk', { url, detail });
    },
    store: await keySetStoreOf(flags, log),
  });
  const inquire = inquiryDesk({
    clock,
    timers: systemTimers,
    random: Math.random,
    key: randomBytes(32),
    good: keySets.tokens,
    bad: keySets.refusals,
  });
  opened.defer(() => keySets.close());
  metrics.jwks.observe(() => keySets.status());
  const passwords = openPasswordChecks(clock);
  opened.defer(() => passwords.close());
  const counting = counterOptionsOf(flags);
  const store = metrics.instrumentStore(
    createCounterStore(counting, {
      clock,
      metrics: metrics.counters,
      report: ({ level, message }) => log[level]('counter store', { detail: message }),
      tellOutage: ({ kind, detail }) => log[kind === 'lost' ? 'error' : 'info'](`counter store ${kind}`, { detail }),
      ...(shared && { shared }),
    }),
  );
  opened.defer(() => store.close());
  const tracer = await tracingOf(flags, environment, reporting, store.health().kind);
  opened.defer(() => tracer?.close());
  const documentOptions = {
    policyKinds,
    environment: {
      clock,
      keySets,
      egress,
      inquire,
      passwords,
      broughtKeys: await broughtKeysOf(flags.apiKeyHmacFile),
    },
    env: environment,
    readFile: (path: string, maxBytes: number) => systemFiles.read(path, maxBytes),
    clock,
    hosts: locating.hosts,
    reload: flags.reload,
  };
  const source = await openDocuments(flags, documentOptions, reporting, {
    relay,
    reports,
    questions,
    fromOwner,
    embedded,
  });
  const documents = source.inForce;
  opened.defer(() => source.close());
  reportDocuments(documents, reporting);

  // An explanation is neither a Check that Envoy sends again nor one to be remembered.
  const repetitions = new Repetitions();
  const ports: DecisionPorts = {
    take: (demands, deadline) => store.take(demands, deadline),
    clock,
    ...locating,
    silentMs: source.silentMs,
    failed: (policy, error) => observer.policyFailed(policy, error),
    expressionFailed: (policy, failure) => observer.expressionFailed(policy, failure),
  };
  const snapshot = () => documents.current();
  const sinks = await openSinks(flags, environment, reporting);
  opened.defer(async () => sinks?.close(0));
  const accounting = openAccounting(reporting, clock, sharing);
  opened.defer(() => accounting.close());
  const takers = sinks === undefined ? [] : [sinks];
  const probes = new ProbeWatch(() => clock.now());
  const analytics = openAnalytics(flags, {
    metrics,
    clock,
    snapshot,
    takers,
    log,
    accounting,
    onFirstStream,
    environment,
  });
  opened.defer(() => analytics.close());
  const closing = opened.move();
  return {
    authorization: createCheckMethod({
      snapshot: () => (source.isStale() ? undefined : snapshot()),
      ports: { ...ports, repetitions, hostDiffers: (difference) => observer.hostDiffers(difference) },
      observer: analytics.samples.watching(
        probed(observer, { watch: probes, reasons: () => snapshot().reasons, clock }),
      ),
      tracer,
      ids: accounting.completeness.accounts,
    }),
    accessLog: analytics.accessLog,
    accounts: accounting.completeness.accounts,
    samples: analytics.samples.archive,
    addSlotTaker: (taker) => analytics.addSlotTaker(taker),
    followLosses: (take) => accounting.completeness.followLosses(take),
    mark: (isLast) => analytics.mark(isLast),
    inherit: (turn) => accounting.completeness.inherit(turn),
    sinks,
    ports,
    store,
    probes,
    storeName: storeName(counting),
    documents,
    keySets,
    egress,
    ...reporting,
    close: () => closing.disposeAsync(),
  };
}
