import { hostname } from 'node:os';
import { systemClock as clock, systemTimers as timers } from '../clock.ts';
import { firstFaults, formatFault, MAX_TOLD_FAULTS } from '../document/fault.ts';
import { UserError } from '../errors.ts';
import { systemFiles } from '../file-access.ts';
import { productVersion } from '../product.ts';
import { followDocuments } from '../source/documents-in-force.ts';
import type { InForceOptions } from '../source/documents-in-force.ts';
import { CacheFile } from '../sync/cache-file.ts';
import type { FollowedSource, Following } from '../sync/control-source-ports.ts';
import { ControlSource } from '../sync/control-source.ts';
import { CredentialFile } from '../sync/credential-file.ts';
import { Follower } from '../sync/follower.ts';
import type { FollowerEvents } from '../sync/follower-events.ts';
import { grpcConnection } from '../sync/grpc-connection.ts';
import {
  checkControlCredentials,
  controlTlsOf,
  joinTokenOf,
  readNamed,
  watchControlCredentials,
} from './control-credentials.ts';
import { labelsOf, maxStaleMsOf } from './control-flags.ts';
import { createControlMetrics } from './control-metrics.ts';
import type { ControlMetrics } from './control-metrics.ts';
import type { Documents, SharedDocuments } from './documents.ts';
import { localReferences } from './local-references.ts';
import { NamedFileWatch } from './named-file-watch.ts';
import type { Reporting } from './reporting.ts';
import type { ServeFlags } from './serve-flags.ts';

const KEY_BYTES = 32;
const LOOK_MS = 1000;

/**
 * Opens the documents of the control planes in `--control`, and waits until some are in force.
 * @throws UserError (rejects with it) for flags that can't be used
 */
export async function followControl(
  flags: ServeFlags,
  options: InForceOptions,
  { log, metrics }: Reporting,
  { relay, reports }: Pick<SharedDocuments, 'relay' | 'reports'>,
): Promise<Documents> {
  const { cacheDir, control: addresses } = flags;
  checkControlCredentials(flags);
  const maxStaleMs = maxStaleMsOf(flags.maxStale) ?? 0;
  const [access, userId] = [systemFiles, process.getuid?.()];
  const key = await cacheKeyOf(flags);
  let lookedAt = (): number => 0;
  const told = createControlMetrics(metrics.registry, () => lookedAt());
  const startedAt = clock.now();
  const follow = (followed: FollowedSource): Following => {
    const node = flags.nodeId ?? hostname();
    const labels = labelsOf(flags.labels);
    const follower = new Follower(
      { node, version: productVersion(), labels, maxStaleMs, addresses },
      {
        connect: async (address) => grpcConnection(address, await controlTlsOf(flags), clock),
        credentials: new CredentialFile({ folder: cacheDir, access, userId }),
        joinToken: () => joinTokenOf(flags),
        ...followed,
        enforce: (changed) => followed.enforce(changed),
        reports: reports?.link,
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
      follow,
      events: eventsOf(log, told, () => {}),
    },
  );
  lookedAt = () => source.lookedAt;
  relay?.serve(source);
  const isStale = (): boolean =>
    maxStaleMs > 0 && clock.now() - Math.max(source.lookedAt, source.lookedAt === 0 ? startedAt : 0) > maxStaleMs;
  const stopWatching = watchStale(isStale, (now) => {
    relay?.tellStale(now);
    if (now) log.error('every request is denied', { detail: `no control plane was heard for ${flags.maxStale}` });
    else log.info('requests are decided again', { detail: 'a control plane was heard' });
  });
  watch?.start(() => source.filesChanged());
  const documents = await followDocuments(source, { ...options, ...local });
  return {
    inForce: documents,
    isStale,
    async close() {
      stopWatching();
      watch?.close();
      await reports?.close();
      await documents.close();
    },
  };
}

function watchStale(isStale: () => boolean, changed: (isStale: boolean) => void): () => void {
  let was = false;
  let cancel = (): void => {};
  const look = (): void => {
    cancel = timers.after(LOOK_MS, () => {
      const now = isStale();
      if (now !== was) changed((was = now));
      look();
    });
  };
  look();
  return () => cancel();
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
    joined: (scope, node) => log.info('joined the control plane', { detail: `as ${node}: ${JSON.stringify(scope)}` }),
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

async function cacheKeyOf({ cacheKeyFile }: ServeFlags): Promise<Buffer | undefined> {
  if (cacheKeyFile === undefined) return undefined;
  const digits = (await readNamed('--cache-key-file', cacheKeyFile)).toString('utf8').trim();
  if (/^[0-9a-f]+$/i.test(digits) && digits.length === 2 * KEY_BYTES) return Buffer.from(digits, 'hex');
  throw new UserError(
    `--cache-key-file ${cacheKeyFile}: expected 64 hexadecimal digits, as openssl rand -hex 32 prints`,
  );
}
