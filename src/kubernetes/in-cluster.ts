import { readFile } from 'node:fs/promises';
import { isIPv6 } from 'node:net';
import { join } from 'node:path';
import { UserError, sentenceOf } from '../errors.ts';
import type { Endpoint } from './endpoint.ts';

/** Where a kubelet puts what a pod needs to ask its API server. */
const SERVICE_ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount';

/** Whether this process runs in a pod. */
export function isInCluster(environment: NodeJS.ProcessEnv): boolean {
  return (environment['KUBERNETES_SERVICE_HOST'] ?? '') !== '';
}

/**
 * The API server of the cluster that this pod runs in, as the pod's service account. Its token is of an hour: read for each
 * request, as its authorities are.
 * @throws UserError (rejects with it): the pod has no token
 */
export async function inClusterEndpoint(environment: NodeJS.ProcessEnv, folder = SERVICE_ACCOUNT): Promise<Endpoint> {
  const host = environment['KUBERNETES_SERVICE_HOST'] ?? '';
  const port = environment['KUBERNETES_SERVICE_PORT'] ?? '443';
  const read = (name: string): Promise<string> => readFile(join(folder, name), 'utf8');
  const access: Endpoint['access'] = async () => {
    const [token, ca] = await Promise.all([read('token'), read('ca.crt')]);
    return { ca, headers: { authorization: `Bearer ${token.trim()}` } };
  };
  try {
    await access();
  } catch (error) {
    throw new UserError(
      `${folder} ${sentenceOf(error)}: the pod needs a service account and automountServiceAccountToken: true`,
      1,
      { cause: error },
    );
  }
  const namespace = await read('namespace').catch(() => 'default');
  return {
    url: new URL(`https://${isIPv6(host) ? `[${host}]` : host}:${port}`),
    context: 'in-cluster',
    namespace: namespace.trim(),
    access,
    forget() {},
    agent: undefined,
  };
}
