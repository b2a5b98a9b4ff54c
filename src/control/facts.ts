import { isRole, subjectOfGroup, subjectOfUser } from '../access/memberships.ts';
import type { Member } from '../access/memberships.ts';
import { isRecord } from '../document/load.ts';
import { normalizeBasePath } from '../document/fields.ts';
import { DEFAULT_NAMESPACE, resolveClient, resolveReference } from '../document/names.ts';
import { secretsNamedIn } from '../document/secrets.ts';
import { keyText } from '../registry/conflict.ts';
import type { ResourceKey } from '../registry/log.ts';
import { documentHost, EXACT_HOSTS } from '../request/host.ts';

/** What the index keeps of a document: it is read as written, whichever version of ostiary wrote it. */
export interface Facts {
  /** What no other resource may hold too, such as `client web-shop`. */
  readonly holds: readonly string[];
  /** Keys of resources that it names. */
  readonly refers: readonly string[];
  readonly labels: Readonly<Record<string, string>> | undefined;
  /** The labels by which a binding or an alert selects APIs. */
  readonly selector: Readonly<Record<string, string>> | undefined;
  /** Values that lists can be filtered by, in the order of {@link FIELDS}. */
  readonly fields: readonly (string | undefined)[];
  /** Lower case; what search looks at. */
  readonly search: string;
  /** Of a Team: its namespaces, and who is in it. */
  readonly owns?: readonly string[];
  readonly members?: readonly Member[];
}

/** Of a contract: whether it waits for a decision, or its request for another tier does; `yes` or `no`. */
const WAITS = 'waits';

/** Whoever asks calls a kind as they like, `constructor` too. */
function ofNothingElse(fields: Readonly<Record<string, readonly string[]>>): typeof fields {
  return Object.setPrototypeOf(fields, null) as typeof fields;
}

/** By kind, the fields that `where` knows, in addition to those of metadata. */
export const FIELDS = ofNothingElse({
  Api: [
    'spec.basePath',
    'spec.publicUrl',
    'metadata.asset',
    'metadata.version',
    'metadata.lifecycle',
    'metadata.visibility',
    'metadata.owner',
    'metadata.specification',
  ],
  ClientApplication: ['spec.clientId', 'metadata.owner'],
  Specification: ['spec.format'],
  Contract: ['spec.api', 'spec.clientApplication', 'spec.tier', 'spec.status', 'spec.expiresAt', WAITS],
  PolicyBinding: ['spec.policyRef.name', 'spec.targetRef.kind', 'spec.targetRef.name'],
  Alert: ['spec.api', 'spec.metric', 'spec.severity'],
});

const NONE: readonly string[] = [];
const NO_FIELDS: readonly undefined[] = [];

/** The inverse of {@link keyText}: neither kinds nor namespaces have a space or a slash in them. */
export function keyFrom(text: string): ResourceKey {
  const [, kind = '', namespace = '', name = ''] = /^([^ ]*) ([^/]*)\/(.*)$/s.exec(text) ?? [];
  return { kind, namespace, name };
}

/** @returns undefined where the document does not say what it is */
export function keyOf(document: unknown): ResourceKey | undefined {
  if (!isRecord(document)) return undefined;
  const { kind, metadata } = document;
  if (typeof kind !== 'string' || !isRecord(metadata) || typeof metadata['name'] !== 'string') return undefined;
  const { namespace } = metadata;
  return { kind, namespace: typeof namespace === 'string' ? namespace : DEFAULT_NAMESPACE, name: metadata['name'] };
}

/** Of the paths in this file: thousands of documents are read by each. */
const parts = new Map<string, readonly string[]>();

function partsOf(path: string): readonly string[] {
  let known = parts.get(path);
  if (known === undefined) parts.set(path, (known = path.split('.')));
  return known;
}

/** A value inside a document, by a path such as `spec.api`. */
export function valueAt(document: unknown, path: readonly string[]): unknown {
  let value = document;
  for (const part of path) value = isRecord(value) && Object.hasOwn(value, part) ? value[part] : undefined;
  return value;
}

/** @param share returns the same string object for equal texts, to save memory */
export function factsOf(key: ResourceKey, document: unknown, share: (text: string) => string): Facts {
  const text = (path: string): string | undefined => {
    const value = valueAt(document, partsOf(path));
    return typeof value === 'string' ? value : undefined;
  };
  const reference: Reference = (kind, name, resolve = resolveReference) =>
    name === undefined ? NONE : [share(keyText({ kind, ...resolve(key, name) }))];
  const labels = recordAt(document, 'metadata.labels');
  const { holds, refers, selector } = linksOf(key, document, text, reference);
  const fields = FIELDS[key.kind]?.map((path) => {
    if (path === WAITS) return isWaiting(document) ? 'yes' : 'no';
    const value = text(path);
    // Moments seldom recur.
    return value === undefined || path === 'spec.expiresAt' ? value : share(value);
  });
  const words = [key.name, text('metadata.displayName'), text('metadata.description'), text('spec.clientId')];
  if (labels !== undefined) words.push(...Object.entries(labels).map(([label, value]) => `${label}=${value}`));
  const search = words.filter((word) => word !== undefined).join('\n');
  const lower = search.toLowerCase();
  return {
    holds,
    refers,
    labels,
    selector,
    fields: fields ?? NO_FIELDS,
    search: lower === key.name ? key.name : lower,
    ...(key.kind === 'Team' && { owns: listAt(document, 'spec.namespaces'), members: membersOf(document) }),
  };
}

/** What can't be read makes nobody anything. */
function membersOf(team: unknown): readonly Member[] {
  return itemsAt(team, 'spec.members').flatMap((item): readonly Member[] => {
    if (!isRecord(item)) return [];
    const { user, group, role } = item;
    if (!isRole(role)) return [];
    if (typeof user === 'string' && group === undefined) return [{ subject: subjectOfUser(user), role }];
    if (typeof group === 'string' && user === undefined) return [{ subject: subjectOfGroup(group), role }];
    return [];
  });
}

/** Keys of what a name in the document means. */
type Reference = (kind: string, name: string | undefined, resolve?: typeof resolveReference) => readonly string[];
function isWaiting(contract: unknown): boolean {
  if (valueAt(contract, ['spec', 'status']) === 'pending') return true;
  return valueAt(contract, ['spec', 'record', 'change']) !== undefined;
}

type Links = Pick<Facts, 'holds' | 'refers' | 'selector'>;

function linksOf(
  { kind, namespace }: ResourceKey,
  document: unknown,
  text: (path: string) => string | undefined,
  reference: Reference,
): Links {
  const spec = valueAt(document, ['spec']);
  const secrets = secretsNamedIn({ kind, spec }).map((name) => keyText({ kind: 'Secret', namespace, name }));
  switch (kind) {
    case 'Api': {
      const hosts = listAt(document, 'spec.hosts');
      const path = normalizeBasePath(text('spec.basePath') ?? '/');
      const url = text('spec.publicUrl');
      const places = (hosts.length === 0 ? ['*'] : hosts).map(
        (host) => `at ${documentHost(host, EXACT_HOSTS)} ${path}`,
      );
      const holds = url === undefined ? places : [...places, `url ${url.replace(/\/$/, '')}`];
      return { holds, refers: secrets, selector: undefined };
    }
    case 'ClientApplication': {
      const keys = itemsAt(document, 'spec.apiKeys').map((item) => {
        const { id, hmac } = Object(item) as { id?: unknown; hmac?: unknown };
        return `key ${typeof hmac === 'string' ? hmac.toLowerCase() : String(id)}`;
      });
      // Patterns of workloads may overlap with any other.
      const principals = listAt(document, 'spec.principals').length > 0 ? ['principals'] : [];
      return { holds: [`client ${text('spec.clientId')}`, ...keys, ...principals], refers: NONE, selector: undefined };
    }
    case 'Contract': {
      const [ofClient] = reference('ClientApplication', text('spec.clientApplication'), resolveClient);
      const [ofApi] = reference('Api', text('spec.api'));
      // Without room to grow, which spreading would leave: there are many of them.
      const refers = ofClient === undefined || ofApi === undefined ? [ofClient ?? ofApi ?? ''] : [ofClient, ofApi];
      return { holds: NONE, refers: refers[0] === '' ? NONE : refers, selector: undefined };
    }
    case 'PolicyBinding': {
      const isApi = text('spec.targetRef.kind') === 'Api';
      const refers = isApi ? [...reference('Api', text('spec.targetRef.name')), ...secrets] : secrets;
      const selector = isApi ? undefined : (recordAt(document, 'spec.targetRef.selector.labels') ?? {});
      return { holds: selector === undefined ? NONE : [`selects ${namespace}`], refers, selector };
    }
    case 'Alert': {
      const filtered = valueAt(document, ['spec', 'filter', 'client']);
      const clients = typeof filtered === 'string' ? [filtered] : listAt(document, 'spec.filter.client');
      const refers = [
        ...reference('Api', text('spec.api')),
        ...listAt(document, 'spec.notify').flatMap((name) => reference('Webhook', name)),
        ...clients.flatMap((name) => reference('ClientApplication', name)),
      ];
      const isByName = text('spec.api') !== undefined || text('spec.metric') === 'completeness';
      const selector = isByName ? undefined : (recordAt(document, 'spec.selector.labels') ?? {});
      return { holds: selector === undefined ? NONE : [`watches ${namespace}`], refers, selector };
    }
    case 'Subscription':
      return {
        holds: NONE,
        refers: listAt(document, 'spec.webhooks').flatMap((name) => reference('Webhook', name)),
        selector: undefined,
      };
    case 'Team':
      return {
        holds: listAt(document, 'spec.namespaces').map((each) => `owned ${each}`),
        refers: NONE,
        selector: undefined,
      };
    case 'Configuration':
      return { holds: ['configuration'], refers: NONE, selector: undefined };
    default:
      return { holds: NONE, refers: secrets.length === 0 ? NONE : secrets, selector: undefined };
  }
}

function recordAt(document: unknown, path: string): Readonly<Record<string, string>> | undefined {
  const value = valueAt(document, partsOf(path));
  if (!isRecord(value)) return undefined;
  const entries = Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === 'string');
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

function itemsAt(document: unknown, path: string): readonly unknown[] {
  const value = valueAt(document, partsOf(path));
  return Array.isArray(value) ? value : [];
}

function listAt(document: unknown, path: string): readonly string[] {
  return itemsAt(document, path).filter((item) => typeof item === 'string');
}
