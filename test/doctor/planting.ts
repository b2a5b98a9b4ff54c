import type { Code } from '../../src/doctor/codes.ts';
import type { Install } from './clean-install.ts';
import type { Changeable } from './objects.ts';

export interface Planted {
  readonly code: Code;
  readonly what: string;
  readonly isInCluster?: boolean;
  plant(install: Install): void;
}

export function objectOf({ objects }: Install, kind: string, name?: string, namespace?: string): Changeable {
  const found = objects.find(
    (each) =>
      each.kind === kind &&
      (name === undefined || each.metadata.name === name) &&
      (namespace === undefined || each.metadata.namespace === namespace),
  );
  if (found === undefined) throw new Error(`there is no ${kind} ${name ?? ''}`);
  return found;
}

function remove(install: Install, gone: Changeable): void {
  install.objects.splice(install.objects.indexOf(gone), 1);
}

export const filterOf = (install: Install): Changeable => objectOf(install, 'EnvoyFilter', undefined, 'shop');
export const gateFilterOf = (install: Install): Changeable => objectOf(install, 'EnvoyFilter', 'gate');
export const patchOf = (filter: Changeable, applyTo: string): Changeable =>
  filter.spec.configPatches.find((each: Changeable) => each.applyTo === applyTo);
export const askOf = (filter: Changeable): Changeable => patchOf(filter, 'HTTP_FILTER').patch.value.typed_config;
const guardOf = (install: Install): Changeable => objectOf(install, 'AuthorizationPolicy', undefined, 'shop');
export const ports = (install: Install): Changeable => objectOf(install, 'Service', 'orders').spec.ports;
export const ordersOf = (install: Install): Changeable => objectOf(install, 'Deployment', 'orders').spec.template;
export const ostiaryOf = (install: Install): Changeable => objectOf(install, 'Deployment', 'shop-ostiary');
export const managerOf = ({ envoys: [envoy] }: Install): Changeable =>
  envoy.static_resources.listeners[0].filter_chains[0].filters[0].typed_config;
export const askingOf = (install: Install): Changeable => managerOf(install).http_filters[0].typed_config;
export const hookOf = (install: Install): Changeable => objectOf(install, 'MutatingWebhookConfiguration').webhooks[0];
export const meshOf = ({ objects }: Install): Changeable =>
  objects.find((each) => each.meshConfig !== undefined).meshConfig;

export function withoutGuard(install: Install): void {
  remove(install, guardOf(install));
}

export function setRedis(install: Install, field: 'info' | 'config', key: string, value: string): void {
  const [state] = install.redis;
  if (state === undefined) throw new Error('there is no Redis');
  install.redis = [{ ...state, [field]: new Map([...state[field], [key, value]]) }];
}

export function count(install: Install, name: string, labels: Readonly<Record<string, string>>, value: number): void {
  install.services = install.services.map((each) => ({
    ...each,
    metrics: [...each.metrics.filter((sample) => sample.name !== name), { name, labels, value }],
  }));
}

export const DISABLED = {
  '@type': 'type.googleapis.com/envoy.extensions.filters.http.ext_authz.v3.ExtAuthzPerRoute',
  disabled: true,
};
