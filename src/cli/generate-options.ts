import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { UserError } from '../errors.ts';
import { apiName } from './flag-forms.ts';
import type { ApiOfRoute } from '../generate/envoy-filter.ts';
import type { Endpoint } from '../generate/ext-authz.ts';
import { TARGET_KINDS } from '../generate/target.ts';
import type { Target, Whose } from '../generate/target.ts';
import type { UpstreamTls } from '../generate/upstream-tls.ts';
import type { GenerateFlags } from './generate-flags.ts';

/** @throws UserError */
export function endpointOf(address: string, flag: string): Endpoint {
  if (address.startsWith('unix:/')) return { kind: 'unix', path: address.slice('unix:'.length) };
  const { host, port } = hostAndPort(address, flag);
  return { kind: 'tcp', host, port };
}

/** Addresses of replicas, by comma. @throws UserError */
export function endpointsOf(addresses: string, flag: string): readonly [Endpoint, ...Endpoint[]] {
  const [first = '', ...others] = addresses.split(',').map((each) => each.trim());
  const endpoints = [endpointOf(first, flag), ...others.map((each) => endpointOf(each, flag))] as const;
  if (new Set(endpoints.map((each) => JSON.stringify(each))).size < endpoints.length)
    throw new UserError(`${flag} names an address twice: ${addresses}`, 2);
  if (endpoints.length > 1 && endpoints.some(({ kind }) => kind === 'unix'))
    throw new UserError(`${flag} is ${JSON.stringify(addresses)}: a socket is the only address, or none`, 2);
  return endpoints;
}

/** @throws UserError */
export function hostAndPort(address: string, flag: string): { host: string; port: number } {
  const [, bracketed, plain, digits] = /^(?:\[([\d:a-fA-F]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(address) ?? [];
  const host = bracketed ?? plain;
  const port = Number(digits);
  if (host === undefined || !(port > 0 && port < 65_536) || !isHost(host)) {
    throw new UserError(`${flag} is ${JSON.stringify(address)}: expected host:port, such as 10.0.0.11:9191`, 2);
  }
  return { host, port };
}

/** A text that looks like an address must be one; a name must have valid DNS labels. */
function isHost(host: string): boolean {
  if (host.includes(':') || /^[\d.]+$/.test(host)) return isIP(host) !== 0;
  return host.length <= 253 && /^[\w-]{1,63}(?:\.[\w-]{1,63})*\.?$/.test(host);
}

/** `a=b` as a pair. @throws UserError */
export function pairOf(written: string, flag: string): [string, string] {
  const at = written.indexOf('=');
  if (at > 0 && at < written.length - 1) return [written.slice(0, at), written.slice(at + 1)];
  throw new UserError(`${flag} is ${JSON.stringify(written)}: expected NAME=VALUE`, 2);
}

/** Labels for the generated object. @throws UserError */
export function labelPairs({ label }: GenerateFlags): Readonly<Record<string, string>> {
  return Object.fromEntries(label.map((each) => pairOf(each, '--label')));
}

/**
 * The form of the output; by default the first one.
 * @throws UserError
 */
export function outputOf<const Form extends string>(
  { output }: GenerateFlags,
  forms: readonly [Form, ...Form[]],
): Form {
  const found = output === '' ? forms[0] : forms.find((form) => form === output);
  if (found !== undefined) return found;
  throw new UserError(`--output is ${JSON.stringify(output)}: expected one of ${forms.join(', ')}`, 2);
}

function labelsOf({ selector }: GenerateFlags): Readonly<Record<string, string>> {
  return Object.fromEntries(selector.map((each) => pairOf(each, '--selector')));
}

/** `KIND/NAME` of one of these kinds. @throws UserError */
export function targetOf({ target }: GenerateFlags, kinds: readonly Target['kind'][]): Target {
  const [written, name = '', ...rest] = target.split('/');
  const kind = TARGET_KINDS.find((each) => each === written);
  if (kind !== undefined && kinds.includes(kind) && rest.length === 0 && /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/.test(name))
    return { kind, name };
  const given = target === '' ? 'is missing' : `is ${JSON.stringify(target)}`;
  throw new UserError(`--target ${given}: expected ${kinds.map((each) => `${each}/NAME`).join(' or ')}`, 2);
}

/** The workloads whose requests are meant: by `--selector`, or by a `--target` of these kinds. @throws UserError */
export function whoseOf(flags: GenerateFlags, kinds: readonly Target['kind'][]): Whose {
  if (flags.target === '') return { by: 'labels', labels: labelsOf(flags) };
  if (flags.selector.length > 0) throw new UserError('--target and --selector exclude each other: give one', 2);
  return { by: 'target', target: targetOf(flags, kinds) };
}

/** `ostiary` and its target, so that a second one for another target does not replace the first. */
export function nameOf({ name, placement }: GenerateFlags, whose: Whose): string {
  if (name !== '') return name;
  const parts = whose.by === 'target' ? [whose.target.name] : Object.values(whose.labels);
  const last = parts.length === 0 && placement === 'gateway' ? ['gateway'] : parts;
  const written = ['ostiary', ...last].join('-').toLowerCase();
  return written
    .replaceAll(/[^-a-z0-9.]/g, '-')
    .slice(0, 200)
    .replace(/[-.]+$/, '');
}

export function apisOf(flags: GenerateFlags): readonly ApiOfRoute[] {
  const routes = flags.routeApi.map((each) => {
    // A name of a route may hold an equals sign, that of an API can't.
    const at = each.lastIndexOf('=');
    if (at <= 0 || at === each.length - 1 || each.includes(','))
      throw new UserError(`--route-api is ${JSON.stringify(each)}: expected ROUTE=API, without a comma`, 2);
    const api = each.slice(at + 1);
    const expected = apiName(api);
    if (expected !== undefined) throw new UserError(`--route-api is ${JSON.stringify(each)}: ${expected}`, 2);
    return { route: each.slice(0, at), api };
  });
  if (flags.placement === 'sidecar') for (const { route } of routes) portOf(route, '--route-api of a sidecar');
  return flags.api === '' ? routes : [{ route: undefined, api: flags.api }, ...routes];
}

/** @throws UserError */
export function portOf(written: string, flag: string): number {
  const port = /^\d{1,5}$/.test(written) ? Number(written) : 0;
  if (port > 0 && port < 65_536) return port;
  throw new UserError(`${flag} is ${JSON.stringify(written)}: expected a port`, 2);
}

/** `SECRET/KEY`. @throws UserError */
export function secretKeyOf(written: string, flag: string): { name: string; key: string } {
  const [, name = '', key = ''] = /^([a-z0-9][-a-z0-9.]*)\/([-._a-zA-Z0-9]+)$/.exec(written) ?? [];
  if (name !== '') return { name, key };
  throw new UserError(`${flag} is ${JSON.stringify(written)}: expected SECRET/KEY`, 2);
}

/** @throws UserError */
export function tlsOf(flags: GenerateFlags, endpoint: Endpoint): UpstreamTls | undefined {
  const { tlsCa, tlsName, envoyCert, envoyKey, meshIdentity } = flags;
  if (tlsCa === '' && meshIdentity === '') {
    if (tlsName === '' && envoyCert === '' && envoyKey === '') return undefined;
    throw new UserError('--tls-name, --envoy-cert and --envoy-key have no effect without --tls-ca', 2);
  }
  if (endpoint.kind === 'unix')
    throw new UserError('a Unix socket needs no TLS: give no --tls-ca or --mesh-identity', 2);
  if (meshIdentity !== '') {
    if (tlsCa !== '') throw new UserError('--tls-ca and --mesh-identity exclude each other: give one', 2);
    return { by: 'mesh', identity: spiffeIdOf(meshIdentity) };
  }
  if ((envoyCert === '') !== (envoyKey === '')) throw new UserError('--envoy-cert and --envoy-key belong together', 2);
  const client = envoyCert === '' ? undefined : { certificate: envoyCert, key: envoyKey };
  return { by: 'authority', authorities: pemOf(tlsCa), name: tlsName === '' ? endpoint.host : tlsName, client };
}

/** @throws UserError */
export function spiffeIdOf(written: string): string {
  if (/^spiffe:\/\/[^/\s]+\/\S+$/.test(written)) return written;
  throw new UserError(
    `--mesh-identity is ${JSON.stringify(written)}: expected spiffe://TRUST-DOMAIN/ns/NAMESPACE/sa/SERVICE-ACCOUNT`,
    2,
  );
}

function pemOf(file: string): string {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new UserError(`--tls-ca ${file} can't be read: ${(error as Error).message}`, 2, { cause: error });
  }
  if (text.includes('PRIVATE KEY'))
    throw new UserError(`--tls-ca ${file} holds a private key: give authorities alone`, 2);
  if (text.includes('-----BEGIN CERTIFICATE-----')) return text;
  throw new UserError(`--tls-ca ${file} holds no certificate in PEM`, 2);
}
