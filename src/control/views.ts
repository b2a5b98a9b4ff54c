import type { JsonObject } from '@bufbuild/protobuf';
import type { Sight } from '../access/may.ts';
import { isRecord } from '../document/load.ts';
import { canonicalJson } from '../document/version.ts';
import type { RegisteredKind } from '../policies/environment.ts';
import type { Resource } from '../registry/log.ts';
import { factsOf } from './facts.ts';
import type { Rights } from './rights.ts';
import { shownDocument } from './secret-vault.ts';

type Json = Readonly<Record<string, unknown>>;
type PolicyKinds = ReadonlyMap<string, Pick<RegisteredKind, 'secretFields' | 'secretPlaces'>>;

/** A document as somebody sees it, and how much of it that is. */
export interface View {
  readonly document: JsonObject;
  readonly sight: Sight;
}

/** Of an API, what whoever may ask for a contract sees. Everything else, its policies above all, is its team's. */
const CATALOG_METADATA = [
  'name',
  'namespace',
  'displayName',
  'description',
  'labels',
  'owner',
  'asset',
  'version',
  'lifecycle',
  'visibility',
  'specification',
  'terms',
];
const CATALOG_SPEC = ['hosts', 'basePath', 'publicUrl', 'tiers'];

/** How much somebody sees of a resource as it is, whatever the index has of it. */
export function sightOf({ kind, namespace, name, document }: Resource, rights: Pick<Rights, 'sight'>): Sight {
  const key = { kind, namespace, name };
  return rights.sight({ ...key, facts: factsOf(key, document, (text) => text) });
}

/** A document as far as somebody sees it; undefined: they see nothing of it. */
export function viewOf(document: unknown, sight: Sight, policyKinds: PolicyKinds): View | undefined {
  const shown = shownDocument(document);
  if (!isRecord(shown) || sight === 'nothing') return undefined;
  if (sight === 'whole') return { document: shown as JsonObject, sight };
  const part = sight === 'redacted' ? redacted(shown, policyKinds) : catalogued(shown);
  // Most have nothing to hide.
  const isWhole = canonicalJson(part) === canonicalJson(shown);
  return { document: part as JsonObject, sight: isWhole ? 'whole' : sight };
}

function catalogued({ apiVersion, kind, metadata, spec }: Json): Json {
  return { apiVersion, kind, metadata: picked(metadata, CATALOG_METADATA), spec: picked(spec, CATALOG_SPEC) };
}

function picked(value: unknown, fields: readonly string[]): Json {
  if (!isRecord(value)) return {};
  return Object.fromEntries(
    fields.filter((field) => Object.hasOwn(value, field)).map((field) => [field, value[field]]),
  );
}

/** Without hashes, salts, keys and digests: that there is one, and until when, is left. */
function redacted(document: Json, policyKinds: PolicyKinds): Json {
  const { kind, spec } = document;
  if (!isRecord(spec)) return document;
  switch (kind) {
    case 'ClientApplication':
      return { ...document, spec: withoutSecrets(spec) };
    case 'Secret': {
      const data = isRecord(spec['data']) ? spec['data'] : {};
      return { ...document, spec: { ...spec, data: Object.fromEntries(Object.keys(data).map((key) => [key, {}])) } };
    }
    case 'Webhook': {
      const { signingSecret, url, format, ...rest } = spec;
      // Whoever knows the URL of a channel may post there.
      const told = format === 'slack' ? { format } : { url, ...(format !== undefined && { format }) };
      return { ...document, spec: { ...rest, ...told, ...(signingSecret !== undefined && { signingSecret: {} }) } };
    }
    default:
      return withoutPolicySecrets(document, policyKinds) as Json;
  }
}

function withoutSecrets(spec: Json): Json {
  const ends = (source: unknown): Json => {
    const expires = isRecord(source) ? source['expires'] : undefined;
    return expires === undefined ? {} : { expires };
  };
  const { clientSecret, clientSecrets, apiKeys, ...rest } = spec;
  return {
    ...rest,
    ...(clientSecret !== undefined && { clientSecret: ends(clientSecret) }),
    ...(Array.isArray(clientSecrets) && { clientSecrets: clientSecrets.map(ends) }),
    ...(Array.isArray(apiKeys) && { apiKeys: apiKeys.map(ends) }),
  };
}

/** Options that hold a secret are left out, at any depth: groups have policies in them. */
function withoutPolicySecrets(node: unknown, kinds: PolicyKinds): unknown {
  if (Array.isArray(node)) return node.map((item) => withoutPolicySecrets(item, kinds));
  if (!isRecord(node)) return node;
  const { policyRef, config } = node;
  const entries = Object.entries(node).map(([key, value]) => [key, withoutPolicySecrets(value, kinds)]);
  if (!isRecord(policyRef) || !isRecord(config)) return Object.fromEntries(entries);
  return { ...node, config: withoutOptions(config, kinds.get(String(policyRef['name']))) };
}

function withoutOptions(config: Json, kind: Pick<RegisteredKind, 'secretFields' | 'secretPlaces'> | undefined): Json {
  const copy = structuredClone(config);
  for (const field of kind?.secretFields ?? []) delete (copy as Record<string, unknown>)[field];
  for (const place of kind?.secretPlaces?.(config) ?? []) remove(copy, place);
  return copy;
}

function remove(root: Json, place: readonly PropertyKey[]): void {
  let node: unknown = root;
  for (const part of place.slice(0, -1)) node = Object(node)[part] as unknown;
  const last = place.at(-1);
  if (last === undefined || typeof node !== 'object' || node === null) return;
  // An item of a list keeps its place.
  if (Array.isArray(node)) (node as unknown[])[Number(last)] = null;
  else delete (node as Record<PropertyKey, unknown>)[last];
}
