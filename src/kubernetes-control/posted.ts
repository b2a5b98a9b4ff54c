import type { KubernetesObject } from '../kubernetes/object.ts';
import type { ObjectStatus } from './status.ts';
import type { Judgement } from './verdict.ts';

/** What is known of one object beside what it says. */
export interface Posted {
  judgement: Judgement;
  /** Its status as it is in the cluster, and of which resource version. */
  status: ObjectStatus;
  version: string | undefined;
  /** Since when sidecars are waited for, in monotonic milliseconds. */
  waitsSince: number | undefined;
  /** When it was written last, in monotonic milliseconds. */
  writtenAt: number;
}

export function statusIn(object: KubernetesObject): ObjectStatus {
  return Object(object['status']) as ObjectStatus;
}

export function wasProgrammed({ conditions = [] }: ObjectStatus): boolean {
  return conditions.some(({ type, status }) => type === 'Programmed' && status === 'True');
}
