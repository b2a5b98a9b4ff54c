import type { Field, Structure, Variables } from '../cel/code.ts';
import { timestampOf } from '../cel/times.ts';
import type { Type } from '../cel/type.ts';
import { MapValue } from '../cel/value.ts';
import type { JsonMap, Timestamp, Value } from '../cel/value.ts';
import type { Identity } from '../contract/identity.ts';
import { forwardedUri } from '../request/forwarded-client-cert.ts';
import { canonicalHeaderName } from '../request/header-name.ts';
import { nameOfHost } from '../request/host.ts';
import { pathBelow } from '../request/path.ts';
import type { Request } from './policy.ts';
import { seenHeader } from './seen-headers.ts';

/** The input of one evaluation. */
export interface CelInput {
  readonly request: Request;
  readonly identity: Identity;
  /** One reading of the path, decoded and resolved. */
  readonly path: string;
  /** In upper case. A HEAD is evaluated as GET too, since servers answer it like a GET. */
  readonly method: string;
  /** Values that are made at their first use. All readings of the request share them. */
  readonly made: { headers?: MapValue; query?: MapValue; forwarded?: string | null; now?: Timestamp };
}

type Get<T extends Value = Value> = (input: CelInput) => T | undefined;

const field = (type: Type, get: Get): Field<CelInput> => ({ type, get });
const textField = (get: Get<string>): Field<CelInput> => field('string', get);

const TEXTS: Type = { map: 'string', keys: 'string' };

/** A map for which reading one entry is cheaper than building the whole. */
function map(type: Type, get: Get, entry: (key: string) => Get): Field<CelInput> {
  return { type, get, entry };
}

const NOTHING: JsonMap = {};

const headers = map(
  TEXTS,
  ({ request, made }) => (made.headers ??= MapValue.ofTexts(allHeaders(request))),
  (key) => {
    if (key !== key.toLowerCase())
      throw new TypeError(`names are in lower case: write ${JSON.stringify(key.toLowerCase())}`);
    if (key.startsWith(':')) throw new TypeError('method, path, host and scheme are fields of request');
    const canonical = canonicalHeaderName(key);
    return ({ request }) => seenHeader(request, key, canonical);
  },
);

function* allHeaders(request: Request): Iterable<readonly [string, string]> {
  for (const name of request.check.headerNames()) {
    if (name.startsWith(':') || request.ownedHeaders.has(canonicalHeaderName(name))) continue;
    const value = request.check.header(name);
    if (value !== undefined) yield [name, value];
  }
  yield* request.upstream;
}

const query = map(TEXTS, queryOf, (key) => (input) => queryOf(input).get(key));

/** Parameters with the same name are joined by commas, like headers. */
function queryOf({ request: { path }, made }: CelInput): MapValue {
  if (made.query !== undefined) return made.query;
  const values = new Map<string, string>();
  if (path.query !== '') {
    for (const [name, value] of new URLSearchParams(path.query)) {
      const before = values.get(name);
      values.set(name, before === undefined ? value : `${before},${value}`);
    }
  }
  return (made.query = MapValue.ofTexts(values));
}

const claims = map(
  { map: 'dyn', keys: 'string' },
  ({ identity }) => (identity.claims as JsonMap | undefined) ?? NOTHING,
  (key) =>
    ({ identity }) => {
      const known = identity.claims as JsonMap | undefined;
      return known !== undefined && Object.hasOwn(known, key) ? known[key] : undefined;
    },
);

const metadata = map(
  { map: 'dyn', keys: 'string' },
  ({ request: { check } }) => (check.details?.metadata as JsonMap | undefined) ?? NOTHING,
  (key) =>
    ({ request: { check } }) => {
      const known = check.details?.metadata as JsonMap | undefined;
      return known !== undefined && Object.hasOwn(known, key) ? known[key] : undefined;
    },
);

function sizeOf(bytes: number | undefined): bigint | undefined {
  return bytes === undefined || bytes < 0 ? undefined : BigInt(bytes);
}

function portOf(port: number | undefined): bigint | undefined {
  return port ? BigInt(port) : undefined;
}

const labels = map(
  TEXTS,
  ({ request }) => request.apiLabels,
  (key) =>
    ({ request: { apiLabels } }) =>
      Object.hasOwn(apiLabels, key) ? apiLabels[key] : undefined,
);

/** The name if it is a SPIFFE id; otherwise undefined. */
export function spiffeId(name: string | undefined): string | undefined {
  return name?.startsWith('spiffe://') === true ? name : undefined;
}

function forwardedSpiffeId({ request: { check, trustedHops }, made }: CelInput): string | undefined {
  if (made.forwarded === undefined) made.forwarded = spiffeId(forwardedUri(check, trustedHops)) ?? null;
  return made.forwarded ?? undefined;
}

/** `shop/orders`, or `orders` of the namespace `default`. */
function partOfName(name: string, part: 'namespace' | 'name'): string {
  const slash = name.indexOf('/');
  if (part === 'name') return name.slice(slash + 1);
  return slash < 0 ? 'default' : name.slice(0, slash);
}

const requestFields: Structure<CelInput> = {
  fields: {
    method: textField(({ method }) => method),
    path: textField(({ path }) => path),
    relativePath: textField(({ request: { basePath }, path }) => pathBelow(basePath, path) ?? path),
    rawPath: textField(({ request: { check } }) => check.path),
    query,
    headers,
    host: textField(({ request: { check } }) => nameOfHost(check.host)),
    address: textField(({ request: { clientAddress } }) => clientAddress || undefined),
    id: textField(({ request: { check } }) => check.streamId || undefined),
    scheme: textField(({ request: { check } }) => check.details?.scheme || undefined),
    protocol: textField(({ request: { check } }) => check.protocol || undefined),
    size: field('int', ({ request: { check } }) => sizeOf(check.details?.size)),
  },
};

/** The variables of `docs/expressions.md`. */
export const celVariables: Variables<CelInput> = {
  request: requestFields,
  api: {
    fields: {
      name: textField(({ request: { api } }) => partOfName(api, 'name')),
      namespace: textField(({ request: { api } }) => partOfName(api, 'namespace')),
      labels,
    },
  },
  client: {
    fields: {
      id: textField(({ identity }) => identity.client?.clientId),
      name: textField(({ identity }) => identity.client?.name),
    },
  },
  contract: {
    fields: {
      name: textField(({ identity }) => identity.contract?.name),
      status: textField(({ identity }) => identity.contract?.status),
    },
  },
  tier: { fields: { name: textField(({ identity }) => identity.contract?.tier?.name) } },
  claims,
  source: {
    fields: {
      address: textField(({ request: { check } }) => check.sourceAddress || undefined),
      principal: textField(({ request: { check } }) => check.sourcePrincipal || undefined),
      spiffeId: textField(({ request: { check } }) => spiffeId(check.sourcePrincipal)),
      forwardedSpiffeId: textField(forwardedSpiffeId),
    },
  },
  destination: {
    fields: {
      address: textField(({ request: { check } }) => check.details?.destinationAddress || undefined),
      port: field('int', ({ request: { check } }) => portOf(check.details?.destinationPort)),
      principal: textField(({ request: { check } }) => check.details?.destinationPrincipal || undefined),
      spiffeId: textField(({ request: { check } }) => spiffeId(check.details?.destinationPrincipal)),
    },
  },
  metadata,
  now: field('google.protobuf.Timestamp', ({ request, made }) => (made.now ??= timestampOf(request.now))),
};
