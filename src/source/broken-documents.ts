import { basePath, host } from '../document/fields.ts';
import { isRecord } from '../document/load.ts';
import type { BrokenDocument, Loaded } from '../document/load.ts';
import { API_VERSION, documentSchemas } from '../document/schema.ts';
import type { DocumentOf, Kind } from '../document/schema.ts';
import { upstreamHeadersIn } from '../document/upstream-headers.ts';
import { nearest } from '../nearest.ts';
import type { WrittenDocument } from './concerns.ts';

type Fields = Readonly<Record<string, unknown>>;

/** No API has a namespace that could hide behind these: what they say is for people, whatever it is. */
const UNPLACED: ReadonlySet<string> = new Set(['Alert', 'Webhook', 'Subscription', 'Team', 'Specification']);

/**
 * What of a document can be relied on that its schema refuses: its kind, its name and its namespace.
 * @returns undefined if nobody can tell which document it is
 */
export function readBroken({ kind, name, value }: BrokenDocument): WrittenDocument | undefined {
  if (UNPLACED.has(kind)) return { kind, metadata: { name: name ?? '' }, spec: {} };
  const { apiVersion, metadata, spec } = value;
  // Another version may mean something else by any field.
  if (apiVersion !== API_VERSION || name === undefined || !isRecord(metadata)) return undefined;
  const { namespace, labels } = metadata;
  if (namespace !== undefined && typeof namespace !== 'string') return undefined;
  const schema = Object.hasOwn(documentSchemas, kind) ? documentSchemas[kind as Kind] : documentSchemas.Api;
  const known = Object.keys(schema.shape.metadata.shape);
  if (mayMean(metadata, ['name', 'namespace'], known)) return undefined;
  const texts = Object.entries(isRecord(labels) ? labels : {}).filter(
    (label): label is [string, string] => typeof label[1] === 'string',
  );
  return {
    kind,
    metadata: { name, ...(namespace !== undefined && { namespace }), labels: Object.fromEntries(texts) },
    spec: isRecord(spec) ? spec : {},
  };
}

type Spec<K extends 'Api' | 'PolicyBinding'> = DocumentOf<K>['spec'];

/** What takes the place of an API or a binding that can't be enforced. Undefined: nobody can tell which requests it has. */
export function standInFor(
  { kind, metadata, spec }: WrittenDocument,
  { place, value }: BrokenDocument,
  detail: string,
): Loaded | undefined {
  const withheld = { detail, headers: upstreamHeadersIn(spec) };
  if (kind === 'PolicyBinding') {
    const targetRef = { kind: 'Selector', selector: { kind: 'Api', labels: {} } } as const;
    const none: Spec<'PolicyBinding'> = { targetRef, order: 0, config: {}, mode: 'enforce', onFailure: 'deny' };
    return { place, withheld, document: { apiVersion: API_VERSION, kind, metadata, spec: none } };
  }
  const at = placeWritten(spec as Fields);
  if (kind !== 'Api' || at === undefined || mayBeElsewhere(value, spec as Fields)) return undefined;
  const none: Spec<'Api'> = { ...at, encodedSlashes: 'refuse', tiers: [], policies: [] };
  return { place, withheld, document: { apiVersion: API_VERSION, kind, metadata, spec: none } };
}

/** Other words for hosts and for the base path. */
const HOSTS = ['host', 'hostname', 'hostnames', 'domain', 'domains', 'address', 'authority', 'url'];
const PATHS = ['path', 'paths', 'prefix', 'basepaths', 'base', 'uri', 'url'];

function placeWritten(spec: Fields): Pick<Spec<'Api'>, 'hosts' | 'basePath'> | undefined {
  if (Object.keys(spec).length === 0) return undefined;
  const known = Object.keys(documentSchemas.Api.shape.spec.shape);
  const isMissing = (field: 'hosts' | 'basePath', words: readonly string[]): boolean =>
    spec[field] === undefined && mayMean(spec, [field, ...words], known);
  if (isMissing('hosts', HOSTS) || isMissing('basePath', PATHS)) return undefined;
  const hosts = spec['hosts'] === undefined ? undefined : host.array().min(1).safeParse(spec['hosts']);
  const path = spec['basePath'] === undefined ? undefined : basePath.safeParse(spec['basePath']);
  if (hosts?.success === false || path?.success === false) return undefined;
  return { ...(hosts !== undefined && { hosts: hosts.data }), basePath: path?.data ?? '/' };
}

/** What a path, a URL or a host begins with, or is. */
const PLACE = /^(?:\/|https?:|\*|(?:[\w-]+\.)+[a-z][\w-]*\.?(?:[:/]|$))/i;

/** Whether a field that nobody knows may say that the API has other requests than hosts and path tell, or more. */
function mayBeElsewhere({ apiVersion: _version, kind: _kind, metadata, spec: _spec, ...beside }: Fields, spec: Fields) {
  const unknown = (fields: unknown, shape: object): readonly unknown[] => {
    if (!isRecord(fields)) return [];
    const known = Object.keys(shape);
    const others = known.filter((field) => field !== 'hosts' && field !== 'basePath');
    return Object.entries(fields).filter(([key]) => !known.includes(key) && nearest(key, others) === undefined);
  };
  const { metadata: ofMetadata, spec: ofSpec } = documentSchemas.Api.shape;
  const found = [Object.entries(beside), unknown(metadata, ofMetadata.shape), unknown(spec, ofSpec.shape)];
  // In the wrong column of a YAML text.
  const isAstray = (['hosts', 'basePath'] as const).some((field) => spec[field] === undefined && hasKey(spec, field));
  return isAstray || found.some(tellsPlace);
}

function tellsPlace(part: unknown): boolean {
  if (typeof part === 'string') return PLACE.test(part);
  if (Array.isArray(part)) return part.some(tellsPlace);
  return isRecord(part) && Object.entries(part).some(tellsPlace);
}

function hasKey(part: unknown, key: string): boolean {
  if (Array.isArray(part)) return part.some((each) => hasKey(each, key));
  return isRecord(part) && (Object.hasOwn(part, key) || Object.values(part).some((each) => hasKey(each, key)));
}

/** Whether something unknown may be a slip for one of the fields. */
function mayMean(value: Fields, fields: readonly string[], known: readonly string[]): boolean {
  return Object.keys(value).some((key) => !known.includes(key) && nearest(key, fields) !== undefined);
}
