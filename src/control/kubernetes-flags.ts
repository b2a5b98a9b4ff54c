import { list, text, toggle, withVariables } from '../flags.ts';

const LABEL = /^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/;

/** Of a control plane that takes its documents from a cluster too. */
export const kubernetesFlags = withVariables({
  kubernetes: toggle('take over the objects of a Kubernetes cluster (kinds of ostiary.dev), and write their status'),
  kubeconfig: text(
    undefined,
    'FILE',
    'which cluster: its kubeconfig (default: the cluster that this pod runs in, else what kubectl would ask)',
  ),
  kubernetesContext: text(undefined, 'NAME', 'which context of the kubeconfig (default: its current one)'),
  clusterName: text(
    undefined,
    'NAME',
    'what the cluster is called: objects of its namespace shop lie in the namespace NAME.shop here (default: in shop)',
    named('a name of small letters, digits and "-"'),
  ),
  kubernetesNamespace: list(
    [],
    'NAME',
    'take over the objects of this namespace alone; repeatable (default: of all namespaces)',
    named('a namespace'),
  ),
  kubernetesClusterUid: text(
    undefined,
    'UID',
    'the cluster is another one than before, and this one: the uid of its namespace kube-system',
  ),
});

function named(expected: string): (given: string) => string | undefined {
  return (given) => (LABEL.test(given) ? undefined : `expected ${expected}`);
}
