import { duration, list, text, toggle } from '../../flags.ts';
import { serveFlags } from '../../serve/serve-flags.ts';
import { method, unbroken } from '../flag-forms.ts';

/** Of `ostiary doctor probe`. */
export const probeFlags = {
  url: list([], 'URL', 'what to call through an Envoy, such as http://orders.shop/orders/1; repeatable', unbroken),
  sidecar: list(
    [],
    'URL',
    'the ostiary that this Envoy asks, by its --api-listen: http://host:port or unix:/path; repeatable: any of them may be asked',
    unbroken,
  ),
  apiTokenFile: serveFlags.apiTokenFile,
  connectTo: text(undefined, 'HOST:PORT', 'where the Envoy is, if the host of --url does not lead to it', unbroken),
  method: text('GET', 'METHOD', 'of the request', method),
  timeout: duration(5000, 'longest time for the answer to the request', { minimumMs: 100 }),
  manifest: toggle('print a Job of Kubernetes that does the same from inside of the cluster'),
  image: text('ostiary:0.1.0', 'IMAGE', 'of that Job', unbroken),
};
