import { hostname } from 'node:os';
import type { Clock, Timers } from '../../clock.ts';
import { connectTo } from '../../kubernetes/connection.ts';
import { LeaseElection } from '../../kubernetes/lease-election.ts';
import { Controller } from '../../kubernetes-control/controller.ts';
import type { Log } from '../../observe/log.ts';
import type { OpenedRegistry } from '../../registry/open.ts';
import type { Registry } from '../../registry/registry.ts';
import type { Changing } from '../changing.ts';
import type { CurrentIndex } from '../current-index.ts';
import type { ControlFlags } from '../flags.ts';
import type { Sidecars } from '../sidecars.ts';
import { ClusterIdentity } from './cluster-identity.ts';
import { LogResources } from './log-resources.ts';

export interface KubernetesPorts {
  readonly database: OpenedRegistry['database'];
  readonly registry: Registry;
  readonly index: CurrentIndex;
  readonly changing: Changing;
  readonly sidecars: Pick<Sidecars, 'store' | 'isSent' | 'onStored'>;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: () => number;
  readonly randomBytes: (count: number) => Buffer;
  readonly log: Log;
  readonly environment: NodeJS.ProcessEnv;
  readonly version: string;
}

/** What has to do with a cluster. */
export interface OpenedKubernetes {
  close(): Promise<void>;
}

/** All control planes of a cluster stand for it. */
const LEASE = 'ostiary-control';

/**
 * Takes over the objects of a cluster while this process leads. The control plane serves without it too: what can't be
 * reached now is tried again.
 * @throws UserError, DatabaseFault (rejects with them)
 */
export async function openKubernetes(
  flags: Pick<
    ControlFlags,
    'kubeconfig' | 'kubernetesContext' | 'clusterName' | 'kubernetesNamespace' | 'kubernetesClusterUid'
  >,
  ports: KubernetesPorts,
): Promise<OpenedKubernetes> {
  const { clock, timers, random, randomBytes, log, environment, version, sidecars } = ports;
  const { clusterName, kubernetesNamespace: namespaces } = flags;
  const userAgent = `ostiary-control/${version}`;
  const choice = { file: flags.kubeconfig, context: flags.kubernetesContext };
  const cluster = await connectTo(choice, { timers, environment, userAgent });
  const identity = await ClusterIdentity.open(ports.database, { name: clusterName, uid: flags.kubernetesClusterUid });
  const resources = new LogResources({ ...ports, cluster: clusterName });
  const instance = `${hostname()}_${randomBytes(4).toString('hex')}`;
  let controller: Controller | undefined;
  let isClosing = false;
  let ending: Promise<unknown> = Promise.resolve();
  const end = (): void => {
    const ended = controller;
    controller = undefined;
    ending = Promise.all([ending, ended?.close()]);
  };
  log.info('cluster', {
    detail: `objects of ${cluster.server} (${cluster.context}) are taken over while this process leads`,
  });
  const election = new LeaseElection({
    cluster,
    lease: { namespace: cluster.namespace, name: LEASE },
    identity: instance,
    clock,
    timers,
    random,
    onElected() {
      // Until the Lease is given back, it may still be won.
      if (isClosing) return;
      log.info('cluster', { detail: 'this process leads' });
      end();
      const led = new Controller(
        { clusterName, namespaces, instance },
        {
          cluster,
          resources,
          sidecars: { list: () => sidecars.store.list(), isSent: sidecars.isSent, onStored: sidecars.onStored },
          believe: () => identity.check(cluster),
          mayWrite: () => election.isElected && controller === led,
          clock,
          timers,
          random,
          randomBytes,
          tell: (level, detail) => log[level]('cluster', { detail }),
        },
      );
      controller = led;
      led.start();
    },
    onLost() {
      log.warn('cluster', { detail: 'this process does not lead any more' });
      end();
    },
    onFault(fault) {
      if (fault === undefined) log.info('cluster', { detail: 'the Lease can be read again' });
      else log.warn('cluster', { detail: `nobody can be elected: ${fault.message}` });
    },
  });
  return {
    async close() {
      isClosing = true;
      end();
      await ending;
      await election.close();
      cluster.close();
    },
  };
}
