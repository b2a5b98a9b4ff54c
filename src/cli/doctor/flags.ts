import { list, oneOf, text, toggle } from '../../flags.ts';
import { kubernetesNamespace, unbroken } from '../flag-forms.ts';
import { serverFlags } from '../platform/server.ts';

/** Of `ostiary doctor`. */
export const lookFlags = {
  cluster: toggle('look at the cluster that kubectl would ask, or that this pod runs in'),
  kubeconfig: text(undefined, 'FILE', 'the cluster that this kubeconfig names', unbroken),
  context: text(undefined, 'NAME', 'the cluster of this context of the kubeconfig', unbroken),
  namespace: list([], 'NAME', 'only what is in this namespace of the cluster; repeatable', kubernetesNamespace),
  admin: list(
    [],
    'URL',
    'a running ostiary, by its --admin-listen: metrics, readiness and clock; repeatable',
    unbroken,
  ),
  envoyAdmin: list([], 'URL', 'a running Envoy, by its administration: what it has in force; repeatable', unbroken),
  controlPlane: toggle('ask the control plane at --server which sidecars are stale'),
  // No variable: what is set for serve should not make the doctor ask a Redis that this machine can't reach.
  redis: list([], 'URL', 'a running Redis, as serve has it: redis://, rediss:// or host:port; repeatable', unbroken),
  redisUsername: text(undefined, 'NAME', 'the ACL user'),
  redisPasswordFile: text(undefined, 'FILE', 'file with the password of that user'),
  failOn: oneOf('warning', ['error', 'warning', 'note'], 'exit with 1 if something is found that is at least so bad'),
  output: { ...oneOf('text', ['text', 'json', 'sarif'], 'text, JSON, or SARIF 2.1.0 for code scanning'), short: 'o' },
  color: oneOf('auto', ['auto', 'always', 'never'], 'colours; auto: on a terminal, unless NO_COLOR is set'),
  ...serverFlags,
};
