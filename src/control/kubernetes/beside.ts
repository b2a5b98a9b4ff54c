import type { ControlFlags } from '../flags.ts';
import type { KubernetesPorts, OpenedKubernetes } from './open-kubernetes.ts';

const NOTHING: OpenedKubernetes = { async close() {} };

/** Takes over the objects of a cluster where the flags say so. Without them nothing of it is loaded. */
export async function takeOverCluster(flags: ControlFlags, ports: KubernetesPorts): Promise<OpenedKubernetes> {
  if (!flags.kubernetes) return NOTHING;
  const { openKubernetes } = await import('./open-kubernetes.ts');
  return openKubernetes(flags, ports);
}
