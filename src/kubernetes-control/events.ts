import type { Clock } from '../clock.ts';
import type { Cluster } from '../kubernetes/connection.ts';
import type { KubernetesObject } from '../kubernetes/object.ts';
import { EVENTS } from '../kubernetes/resource-type.ts';

export interface RecorderPorts {
  readonly cluster: Pick<Cluster, 'create'>;
  readonly clock: Pick<Clock, 'now'>;
  readonly randomBytes: (count: number) => Buffer;
  /** Which of several controllers, such as the pod's name. */
  readonly instance: string;
}

/** Longest text of an event that the API takes. */
const LONGEST_NOTE = 1000;

/** Tells people of an object, as `kubectl describe` shows it. What can't be told is lost: conditions say it too. */
export class Recorder {
  readonly #ports: RecorderPorts;

  constructor(ports: RecorderPorts) {
    this.#ports = ports;
  }

  async tell(object: KubernetesObject, type: 'Normal' | 'Warning', reason: string, note: string): Promise<void> {
    const { cluster, clock, instance, randomBytes } = this.#ports;
    const { apiVersion, kind, metadata } = object;
    const { namespace = 'default', name, uid } = metadata;
    const event: KubernetesObject = {
      apiVersion: 'events.k8s.io/v1',
      kind: 'Event',
      metadata: { namespace, name: `${name.slice(0, 200)}.${randomBytes(8).toString('hex')}` },
      eventTime: new Date(clock.now()).toISOString().replace('Z', '000Z'),
      reportingController: 'ostiary.dev/control',
      reportingInstance: instance,
      action: 'Reconcile',
      type,
      reason,
      regarding: { apiVersion, kind, namespace, name, ...(uid !== undefined && { uid }) },
      note: note.slice(0, LONGEST_NOTE),
    };
    await cluster.create(EVENTS, event).catch(() => {});
  }
}
