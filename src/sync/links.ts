import { resolveClient, resolveReference } from '../document/names.ts';
import { secretsNamedIn } from '../document/secrets.ts';
import type { ResourceKey } from '../registry/log.ts';
import { keyText } from './resource-key.ts';

/**
 * What of a document decides who needs it: its labels, and what it refers to. Documents are read loosely: what is none of
 * a kind's is taken for absent, since it was checked when it was written.
 */
export interface Links {
  /** Of an API. */
  readonly labels: Readonly<Record<string, string>>;
  /** Keys of the APIs, clients, webhooks and Secrets that it names. */
  readonly refersTo: readonly string[];
  /** Of a binding or an alert that names no API: the labels of those that it is for; undefined: it names one. */
  readonly selects: Readonly<Record<string, string>> | undefined;
}

type Fields = Readonly<Record<string, unknown>>;

const NONE: readonly string[] = [];
const NO_LABELS: Links['labels'] = {};
const NO_LINKS: Links = { labels: NO_LABELS, refersTo: NONE, selects: undefined };

/** @param share returns the same string object for equal texts, to save memory */
export function linksOf(key: ResourceKey, document: unknown, share = (text: string): string => text): Links {
  const spec = fieldsOf(fieldsOf(document)['spec']);
  const to = (kind: string, reference: unknown, resolve = resolveReference): string | undefined =>
    typeof reference === 'string' ? share(keyText({ kind, ...resolve(key, reference) })) : undefined;
  const secrets = secretsNamedIn({ kind: key.kind, spec }).map((name) =>
    share(keyText({ ...key, kind: 'Secret', name })),
  );
  switch (key.kind) {
    case 'Webhook':
      return refersTo(...secrets);
    case 'Api':
      return {
        labels: textsOf(fieldsOf(fieldsOf(document)['metadata'])['labels']),
        refersTo: secrets,
        selects: undefined,
      };
    case 'Contract':
      return refersTo(to('Api', spec['api']), to('ClientApplication', spec['clientApplication'], resolveClient));
    case 'PolicyBinding': {
      const target = fieldsOf(spec['targetRef']);
      if (target['kind'] === 'Api') return refersTo(to('Api', target['name']), ...secrets);
      return { ...refersTo(...secrets), selects: textsOf(fieldsOf(target['selector'])['labels']) };
    }
    case 'Alert': {
      const { api, selector, notify } = spec;
      const webhooks = (Array.isArray(notify) ? notify : []).map((name) => to('Webhook', name));
      const selects = api === undefined ? textsOf(fieldsOf(selector)['labels']) : undefined;
      return { ...refersTo(to('Api', api), ...webhooks), selects };
    }
    default:
      return NO_LINKS;
  }
}

function refersTo(...keys: readonly (string | undefined)[]): Links {
  // A list that was filtered keeps room to grow, which is much in a hundred thousand of them.
  const isWhole = keys.every((key) => key !== undefined);
  const list = isWhole ? keys : keys.filter((key) => key !== undefined);
  return { labels: NO_LABELS, refersTo: list, selects: undefined };
}

function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {};
}

function textsOf(value: unknown): Readonly<Record<string, string>> {
  const entries = Object.entries(fieldsOf(value));
  return Object.fromEntries(entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
}
