import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { isAskedByItself } from '../access/method-rules.ts';
import { systemClock as clock, systemTimers as timers } from '../clock.ts';
import { UserError } from '../errors.ts';
import { Health } from '../grpc/health.ts';
import { formatListenAddress, isLocal, parseListenAddress } from '../listen/address.ts';
import { openNamed } from '../listen/socket.ts';
import { loadTls } from '../listen/tls.ts';
import { createLog, standardOutput } from '../observe/log.ts';
import { createMetrics } from '../observe/metrics.ts';
import { productVersion } from '../product.ts';
import { openRegistry } from '../registry/open.ts';
import { openAdmin } from '../serve/admin.ts';
import { prepareBootstrapToken } from './access.ts';
import { openAuditing } from './auditing.ts';
import { clientAddressBy } from './client-address.ts';
import { Changing } from './changing.ts';
import { backupMethods } from './backup-service.ts';
import { besideMethods } from './beside-methods.ts';
import { checkingPorts } from './checking-ports.ts';
import { consumerMethods } from './consumers.ts';
import { controlledAccess } from './controlled-access.ts';
import { CurrentIndex } from './current-index.ts';
import { embed } from './embedded.ts';
import { failedCallTeller } from './failed-calls.ts';
import type { ControlFlags } from './flags.ts';
import { eventMethods } from './event-service.ts';
import { hubMetrics } from './hub-metrics.ts';
import { takeOverCluster } from './kubernetes/beside.ts';
import { openControlListener } from './listener.ts';
import { beginLoading } from './loading.ts';
import { openMesh } from './mesh.ts';
import { isTeamIn, openPeople } from './people.ts';
import { openKeys } from './keys.ts';
import { followTls } from './renewed-tls.ts';
import { SERVICES } from './services.ts';
import { openSidecars } from './sidecars.ts';
import { openTelling } from './telling.ts';
import { consoleUrlOf } from './console-url.ts';
import type { ControlPlane } from './control-plane.ts';
import { welcomeOf } from './welcome.ts';
import { writingMethods } from './writing-methods.ts';
import { controlTlsFiles } from './trust/tls-files.ts';
import { vouchingBy } from './trust/vouching.ts';

/**
 * The composition root of the control plane: everything impure is made here and passed down.
 * @param node the name of a sidecar in this process; absent: there is none
 * @throws UserError, DatabaseFault (rejects with them)
 */
export async function startControl(
  flags: ControlFlags,
  program: string,
  environment: NodeJS.ProcessEnv,
  node?: string,
): Promise<ControlPlane> {
  const { dataDir, database: databaseUrl } = flags;
  if (dataDir === undefined && databaseUrl === undefined) {
    throw new UserError('where is everything kept? Give --data-dir DIR, or --database postgres://…', 2);
  }
  const address = parseListenAddress(flags.controlListen, '--control-listen', 0o600);
  const adminAddress = parseListenAddress(flags.controlAdminListen, '--control-admin-listen');
  const tlsFiles = controlTlsFiles(flags);
  if (tlsFiles === undefined && !isLocal(address)) {
    throw new UserError(
      `--control-listen ${flags.controlListen} can be reached from other machines: give --control-tls-cert and --control-tls-key, or listen on loopback`,
    );
  }
  const version = productVersion();
  const metrics = createMetrics({ clock, version });
  const log = createLog(
    flags.logLevel,
    standardOutput(() => metrics.log.dropped()),
    () => clock.now(),
  );
  const told = hubMetrics(metrics.registry, clock);
  const onFault = (detail: string): void => log.error('database of the control plane', { detail });
  await using opened = new AsyncDisposableStack();
  const tls = tlsFiles && (await loadTls(tlsFiles, clock.now()));
  const { registry, database, close } = await openRegistry(
    { dataDir, databaseUrl },
    { clock, timers, random: Math.random, randomBytes, observer: told.writes },
  );
  opened.defer(close);
  const audit = await openAuditing(flags, { database, log, metrics: metrics.registry, environment });
  opened.defer(() => audit.close());
  const tokenFile = flags.bootstrapTokenFile ?? (dataDir && join(dataDir, 'bootstrap-token'));
  if (tokenFile === undefined) throw new UserError('--database needs --bootstrap-token-file FILE as well', 2);
  const { isNew } = await prepareBootstrapToken(tokenFile, randomBytes);
  const kept = { database, clock, timers, randomBytes, log, environment, trail: audit.trail };
  const people = await openPeople(flags, { ...kept, tokenFile, address, tls });
  opened.defer(() => people.close());
  const index = new CurrentIndex(registry);
  const access = audit.calls.access(controlledAccess(audit.calls.identify(people.identify), index));
  const { vault, open, snapshotKeyFile } = await openKeys(flags, registry, randomBytes);
  const vouching = vouchingBy(
    { spiffe: flags.trustSpiffe, kubernetes: flags.trustKubernetes },
    { clock, onFault: (detail) => log.error('--trust-kubernetes', { detail }) },
  );
  const ports = { clock, timers, random: Math.random, onFault, open, snapshotKeyFile, vouching, observer: told.sync };
  const endLoading = beginLoading((await registry.head()).revision);
  // They read everything, and so both at once.
  const [sidecars] = await Promise.all([
    openSidecars({ registry, database, access, log, trail: audit.trail, ...ports }),
    index.current(),
  ]);
  opened.defer(() => sidecars.close());
  const mesh = await openMesh(
    { dataDir, databaseUrl: flags.analyticsDatabase ?? databaseUrl, maxBytes: flags.analyticsMaxSize },
    {
      sidecars: sidecars.store,
      identify: sidecars.identify,
      access,
      index,
      resources: registry,
      clock,
      timers,
      log,
      registry: metrics.registry,
    },
  );
  opened.defer(() => mesh.close());
  const checking = checkingPorts(clock, timers);
  opened.defer(() => checking.close());
  const health = new Health(['', ...SERVICES.map(({ typeName }) => typeName)]);
  const telling = await openTelling(flags, {
    registry,
    database,
    index,
    checking: { ...checking.ports, open },
    sidecars: sidecars.store,
    archive: mesh.history.history,
    log,
    metrics,
    environment,
    isBesideSidecar: node !== undefined,
  });
  opened.defer(() => telling.close());
  const { policyKinds } = checking.ports;
  const changing = new Changing({ registry, index, vault, existingMembers: people.existing, ...checking.ports });
  const { receipts, counted: countedSidecars } = sidecars;
  const writing = { registry, index, changing, access, receipts, policyKinds, countedSidecars, clock, randomBytes };
  const embedded =
    node === undefined || dataDir === undefined
      ? undefined
      : embed(node, dataDir, {
          sidecars,
          mesh,
          occurred: telling.occurred,
          registry,
          index,
          policyKinds,
          timers,
          onFault,
        });
  opened.defer(() => embedded?.close());
  const methods = audit.calls.methods([
    ...health.methods(),
    ...writingMethods(writing),
    ...consumerMethods({ registry, index, access, clock, followers: sidecars.followers }, mesh.history.history),
    ...audit.methods(access, index),
    ...eventMethods({ notifying: telling.events, index, access, clock, randomBytes }),
    ...backupMethods({ database, access, clock }),
    ...people.methods(access, isTeamIn(registry), (happened) => telling.events.record(happened)),
    ...sidecars.methods,
    ...mesh.methods,
  ]);
  const writers = { database, registry, index, changing, clock, timers, random: Math.random, randomBytes };
  const kubernetes = await takeOverCluster(flags, { ...writers, sidecars, log, environment, version });
  opened.defer(() => kubernetes.close());
  const addressOf = clientAddressBy(flags.controlTrustedProxies);
  const listener = await openNamed('--control-listen', address, async () =>
    openControlListener({
      address,
      tls: tls?.material,
      services: SERVICES,
      methods,
      origin: people.origin,
      addressOf,
      beside: await besideMethods({
        pages: people.pages(failedCallTeller(log), (happened) => telling.events.record(happened)),
        methods,
        index,
        version,
        now: () => clock.monotonic(),
        urlOf: people.origin.urlOf,
        identify: people.identify,
        addressOf,
        onFailure: failedCallTeller(log),
      }),
      allow: async (path, call) => {
        if (!isAskedByItself(path)) await access(path, call);
      },
      maxMessageBytes: flags.controlMaxMessageBytes,
      maxConnections: flags.controlMaxConnections,
      transport: metrics.observeTransport('control'),
      version,
      clock,
      onFailure: failedCallTeller(log),
    }),
  );
  opened.defer(() => listener.drain(0));
  let state: 'starting' | 'ready' | 'draining' = 'starting';
  const admin = await openNamed('--control-admin-listen', adminAddress, () =>
    openAdmin({
      address: adminAddress,
      state: () => state,
      details: () => ({ sidecars: sidecars.count() }),
      metrics,
      maxConnections: 256,
      version: { version, node: process.versions.node },
    }),
  );
  const watch = followTls(tlsFiles, tls, listener, { clock, log });
  endLoading();
  state = 'ready';
  health.setAllServing(true);
  opened.move();
  const at = formatListenAddress(listener.address);
  const url = listener.address.kind === 'unix' ? at : `${tls === undefined ? 'http' : 'https'}://${at}`;
  sidecars.listen(url);
  const consoleUrl = consoleUrlOf({ url, address, publicUrl: flags.publicUrl, link: people.firstLink });
  log.info('ready', { version, detail: `control plane on ${url}, kept in ${registry.place}` });
  return {
    access: { url, tokenFile, consoleUrl },
    embedded,
    welcome: welcomeOf({ url, tokenFile, consoleUrl, isNew, program }),
    async stop(signal) {
      log.info('draining', { signal });
      state = 'draining';
      health.setAllServing(false);
      watch?.close();
      health.close();
      await kubernetes.close();
      await embedded?.close();
      await sidecars.close();
      await listener.drain(flags.drain);
      await admin.close(0);
      await telling.close();
      checking.close();
      people.close();
      await mesh.close();
      await audit.close();
      await close();
      log.info('stopped');
    },
  };
}
