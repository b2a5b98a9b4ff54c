import { systemClock as clock, systemTimers } from '../clock.ts';
import type { SampleQuestion } from '../analytics/sampled-request.ts';
import { CHECK_PATH } from '../envoy/check-service.ts';
import { Health } from '../grpc/health.ts';
import { reflectionMethods } from '../grpc/reflection.ts';
import { http2Acceptor } from '../http2/transport.ts';
import type { SocketAcceptor } from '../http2/transport.ts';
import { endLeanStart } from '../engine.ts';
import type { LeasingCounterStore } from '../lease/leasing-store.ts';
import type { TlsMaterial } from '../listen/tls.ts';
import { partOf } from '../observe/merged-families.ts';
import { loadServices } from '../operator/load-services.ts';
import { slotsToOwner, takesSlots } from './analytics-history.ts';
import { openDecider } from './decider.ts';
import type { SharedCounters } from './counter-store.ts';
import { OwnerLink } from './owner-link.ts';
import { followsControl } from './control-flags.ts';
import { localReferences } from './local-references.ts';
import { OwnerDocuments } from './owner-documents.ts';
import { createReporting } from './reporting.ts';
import type { ServeFlags } from './serve-flags.ts';
import { limitsOf } from './serve-options.ts';
import { WorkerChannel } from './worker-channel.ts';
import type { TlsText, ToWorker } from './worker-messages.ts';
import { WorkerSharing } from './worker-sharing.ts';
import { WorkerSinks } from './worker-sinks.ts';

/** Less than what the owner waits for longer than it says. */
const LEAST_FLUSH_MS = 700;

const AUTHORIZATION_SERVICE = CHECK_PATH.slice(1, CHECK_PATH.lastIndexOf('/'));

/** As often as a process without workers writes its own down. */
const MARK_MS = 1000;

/**
 * One of several processes that decide Checks; resolves when it has drained.
 * @param isBesideControl its owner has a control plane in its process
 */
export async function runWorker(
  flags: ServeFlags,
  environment: NodeJS.ProcessEnv,
  isBesideControl = false,
): Promise<void> {
  // Sent to the whole group; the owner says when to end.
  process.on('SIGTERM', () => {});
  process.on('SIGINT', () => {});
  const channel = new WorkerChannel();
  const stores: LeasingCounterStore[] = [];
  const reporting = createReporting(flags);
  const link = new OwnerLink(clock, reporting.metrics.counters, (calls) => channel.send({ kind: 'scripts', calls }));
  const sharing = new WorkerSharing({
    send: (message) => channel.send(message),
    after: (delayMs, callback) => systemTimers.after(delayMs, callback),
    monotonic: () => clock.monotonic(),
  });
  const counters: SharedCounters = {
    link,
    workers: flags.workers,
    announceReset() {},
    joined: (store) => stores.push(store),
  };
  const sinks = new WorkerSinks((message) => channel.send(message));
  const isFollowing = isBesideControl || followsControl(flags);
  const fromOwner = isFollowing ? documentsFromOwner(flags, environment, channel) : undefined;
  const decider = await openDecider(flags, environment, reporting, {
    counters,
    sharing,
    fromOwner,
    openSinks: sinks.open,
    onFirstStream: () => channel.send({ kind: 'log_stream' }),
  });
  sharing.announce(decider.accounts);
  if (takesSlots(flags)) decider.addSlotTaker(slotsToOwner((message) => channel.send(message)));
  decider.followLosses((losses) => channel.send({ kind: 'losses', losses }));
  const tellMark = (isLast: boolean): void => channel.send({ kind: 'mark', mark: decider.mark(isLast) });
  tellMark(false);
  const marking = setInterval(() => tellMark(false), MARK_MS).unref();
  const keysLoaded = decider.keySets.untilLoaded(flags.readyWait);
  const health = new Health(['', AUTHORIZATION_SERVICE]);
  const drained = Promise.withResolvers<void>();
  let acceptor: SocketAcceptor | undefined;

  const serve = ({ tls, maxMessageBytes, gzip }: Extract<ToWorker, { kind: 'serve' }>): void => {
    const reflection = reflectionMethods(async () => (await loadServices()).GRPC_SERVICES);
    acceptor = http2Acceptor(
      {
        methods: [decider.authorization, ...decider.accessLog.methods(), ...health.methods(), ...reflection],
        tls: tls && materialOf(tls),
        maxMessageBytes,
        gzip,
        onFailure: (path, error) => decider.observer.callFailed(path, error),
      },
      { observer: decider.observer.transport('grpc'), limits: limitsOf(flags), now: () => clock.monotonic() },
    );
    endLeanStart();
    // A replacement gets no connections before it can decide.
    void keysLoaded.then(() => channel.send({ kind: 'serving' }));
  };

  const drain = async (timeoutMs: number): Promise<void> => {
    // A Watch would keep its connection for as long as the caller likes.
    health.close();
    decider.accessLog.close();
    const end = clock.monotonic() + timeoutMs;
    await acceptor?.drain(timeoutMs);
    await decider.sinks?.close(Math.max(LEAST_FLUSH_MS, end - clock.monotonic()));
    await decider.close();
    clearInterval(marking);
    tellMark(true);
    await decider.observer.flush();
    channel.send({ kind: 'drained' });
    drained.resolve();
  };

  channel.listen(
    (message) => {
      if (message.kind === 'answers') link.answer(message.answers);
      else if (message.kind === 'serve') serve(message);
      else if (message.kind === 'tls') acceptor?.updateTls(materialOf(message.tls));
      else if (message.kind === 'health') health.setAllServing(message.isServing);
      else if (message.kind === 'reset') for (const store of stores) store.forget(message.key, message.epoch);
      else if (message.kind === 'drain') void drain(message.timeoutMs);
      else if (message.kind === 'series') {
        const part = partOf(decider.metrics.families, message.place);
        channel.send({ kind: 'series', id: message.id, part });
      } else if (message.kind === 'events_kept') sinks.kept(message.number);
      else if (message.kind === 'samples') void tellSamples(message.id, message.question);
      else if (message.kind === 'expect_probe') {
        channel.send({ kind: 'probe_expected', id: message.id, until: decider.probes.expect(message.nonce) });
      } else if (message.kind === 'tell_probe') {
        channel.send({ kind: 'probe_told', id: message.id, sightings: decider.probes.tell(message.nonce) });
      } else if (message.kind === 'refresh_keys') void refreshKeys(message.id, message.url);
      else if (message.kind === 'metrics') void tellMetrics(message.id);
      else sharing.heard(message);
    },
    (socket) => acceptor?.accept(socket),
  );
  channel.send({ kind: 'loaded' });
  await drained.promise;
  channel.close();

  async function refreshKeys(id: number, url: string | undefined): Promise<void> {
    channel.send({ kind: 'keys_refreshed', id, sets: await decider.keySets.refresh(url) });
  }

  async function tellSamples(id: number, question: SampleQuestion): Promise<void> {
    channel.send({ kind: 'samples', id, samples: await decider.samples.find(question) });
  }

  async function tellMetrics(id: number): Promise<void> {
    const metrics = await decider.metrics.registry.getMetricsAsJSON();
    channel.send({ kind: 'metrics', id, metrics });
  }
}

function materialOf({ certificate, key, clientAuthorities }: TlsText): TlsMaterial {
  return {
    certificate: Buffer.from(certificate, 'latin1'),
    key: Buffer.from(key, 'latin1'),
    clientAuthorities: clientAuthorities === undefined ? undefined : Buffer.from(clientAuthorities, 'latin1'),
  };
}

function documentsFromOwner(flags: ServeFlags, environment: NodeJS.ProcessEnv, channel: WorkerChannel): OwnerDocuments {
  const want = (): void => channel.send({ kind: 'documents_wanted' });
  const { readFile } = localReferences(flags, environment);
  const documents = new OwnerDocuments({ clock, want, readFile });
  channel.takeDocuments(documents);
  return documents;
}
