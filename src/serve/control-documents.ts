import { hostname } from 'node:os';
import { systemClock as clock, systemTimers as timers } from '../clock.ts';
import { firstFaults, formatFault, MAX_TOLD_FAULTS } from '../document/fault.ts';
import type { UserError } from '../errors.ts';
import { systemFiles } from '../file-access.ts';
import { productVersion } from '../product.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import { followDocuments } from '../source/documents-in-force.ts';
import type { InForceOptions } from '../source/documents-in-force.ts';
import { CacheFile } from '../sync/cache-file.ts';
import type { FollowedSource, Following } from '../sync/control-source-ports.ts';
import { ControlSource } from '../sync/control-source.ts';
import { CredentialFile } from '../sync/credential-file.ts';
import { Follower } from '../sync/follower.ts';
import type { FollowerEvents } from '../sync/follower-events.ts';
import { grpcConnection } from '../sync/grpc-connection.ts';
import { scopeWords } from '../sync/scope.ts';
import { readCacheKey } from './cache-key.ts';
import { checkControlCredentials, controlTlsOf, joinTokenOf, watchControlCredentials } from './control-credentials.ts';
import { labelsOf, staleMsOf } from './control-flags.ts';
import { createControlMetrics } from './control-metrics.ts';
import type { ControlMetrics } from './control-metrics.ts';
import type { Documents, SharedDocuments } from './documents.ts';
import { localReferences } from './local-references.ts';
import { NamedFileWatch } from './named-file-watch.ts';
import type { Reporting } from './reporting.ts';
import type { ServeFlags } from './serve-flags.ts';
import { snapshotFollowing } from './snapshot-documents.ts';
import { servesForMs, watchStaleness } from './staleness.ts';

/**
 * Opens the documents of the control planes in `--control`, and waits until some are in force.
 * @throws UserError (rejects with it) for flags that can't be used
 */
export async function followControl(
  flags: ServeFlags,
  options: InForceOptions,
  { log, metrics }: Reporting,
  { relay, reports, questions }: Pick<SharedDocuments, 'relay' | 'reports' | 'questions'>,
): Promise<Documents> {
  const { cacheDir, control, controlSnapshot } = flags;
  const addresses = controlSnapshot === undefined ? control : [controlSnapshot];
  if (controlSnapshot === undefined) checkControlCredentials(flags);
  const flagMs = staleMsOf(flags.maxStale) ?? 0;
  let apis: Snapshot['apis'] = [];
  const [access, userId] = [systemFiles, process.getuid?.()];
  const key = await readCacheKey(flags.cacheKeyFile);
  let lookedAt = (): number => 0;
  const told = createControlMetrics(metrics.registry, () => lookedAt());
  const startedAt = clock.now();
  const unusable = Promise.withResolvers<never>();
  unusable.promise.catch(() => {});
  const onUnusable = (error: UserError): void => unusable.reject(error);
  const followSnapshot = await snapshotFollowing(flags, { log, told, cacheKey: key, onUnusable });
  const followControlPlane = (followed: FollowedSource): Following => {
    const node = flags.nodeId ?? hostname();
    const labels = labelsOf(flags.labels);
    const follower = new Follower(
      { node, version: productVersion(), labels, addresses },
      {
        connect: async (address) => grpcConnection(address, await controlTlsOf(flags), clock),
        credentials: new CredentialFile({ folder: cacheDir, access, userId }),
        joinToken: () => joinTokenOf(flags),
        ...followed,
        enforce: (changed) => followed.enforce(changed),
        maxStaleMs: () => servesForMs(flagMs, apis),
        reports: reports?.link,
        answer: questions?.answer,
        clock,
        timers,
        random: Math.random,
        events: eventsOf(log, told, () => followed.heard()),
      },
    );
    follower.start();
    const stopWatchingFiles = watchControlCredentials(flags, timers, () => follower.renew());
    return {
      tell: (enforced) => follower.tell(enforced),
      async close() {
        stopWatchingFiles();
        await follower.close();
      },
    };
  };
  const { secretsDir } = flags;
  const watch = secretsDir === undefined ? undefined : new NamedFileWatch(secretsDir, access, timers);
  const local = localReferences(flags, options.env, watch);
  const source = new ControlSource(
    { addresses },
    {
      clock,
      cache: cacheDir === undefined ? undefined : new CacheFile({ folder: cacheDir, key, access, userId }),
      relay,
      readFile: local.readFile,
      follow: followSnapshot ?? followControlPlane,
      events: eventsOf(log, told, () => {}),
    },
  );
  lookedAt = () => source.lookedAt;
  relay?.serve(source);
  const heardAt = (): number => (source.lookedAt === 0 ? startedAt : source.lookedAt);
  const silentMs = (): number => clock.now() - heardAt();
  const looked = (): void => relay?.tellHeard(heardAt());
  const stopWatching = watchStaleness(flagMs, { silentMs, apis: () => apis, log, timers, looked });
  watch?.start(() => source.filesChanged());
  const onInForce = (snapshot: Snapshot): void => void (apis = snapshot.apis);
  const stop = (): void => {
    stopWatching();
    watch?.close();
  };
  const following = followDocuments(source, { ...options, ...local, onInForce });
  const documents = await Promise.race([following, unusable.promise]).catch(async (error: unknown) => {
    stop();
    await source.close();
    throw error;
  });
  return {
    inForce: documents,
    isStale: () => flagMs > 0 && silentMs() > flagMs,
    silentMs,
    async close() {
      stop();
      await reports?.close();
      await documents.close();
    },
  };
}

/** What is told of a control plane that is followed. */
export function eventsOf(log: Reporting['log'], told: ControlMetrics, heard: () => void): FollowerEvents {
  let lastWhy = '';
  return {
    heard,
    connected(address) {
      lastWhy = '';
      told.connected(true);
      log.info('control plane followed', { detail: address });
    },
    disconnected(address, why) {
      told.connected(false);
      // One that is away says the same at each try.
      if (why !== lastWhy) log.warn('control plane not followed', { detail: `${address}: ${why}` });
      lastWhy = why;
    },
    joined: (scope, node) =>
      log.info('joined the control plane', { detail: `as ${node}; scope: ${scopeWords(scope)}` }),
    unknownHistory(detail) {
      told.unknownHistory(true);
      const remedy = 'what is in force stays; if this is meant: ostiary control adopt';
      log.error('the control plane has another history', { detail: `${detail}; ${remedy}` });
    },
    diverged() {
      told.resync();
      log.warn('documents differ from those of the control plane', { detail: 'all are sent again' });
    },
    inForce({ committedAt, revision }) {
      const lagMs = Math.max(0, clock.now() - committedAt);
      told.inForce(revision, lagMs);
      log.debug('control plane: in force', { detail: `revision ${revision}, ${lagMs} ms after it was written` });
    },
    rejected({ revision }, faults) {
      told.rejected();
      for (const fault of firstFaults(faults, MAX_TOLD_FAULTS))
        log.error('fault in documents of the control plane', { detail: `revision ${revision}: ${formatFault(fault)}` });
    },
    cacheFault(detail) {
      told.cacheFault();
      log.error('--cache-dir', { detail });
    },
  };
}
