import { resolveReference } from '../document/names.ts';
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

const NO_LINKS: Links = { labels: {}, refersTo: [], selects: undefined };

export function linksOf(key: ResourceKey, document: unknown): Links {
  const spec = fieldsOf(fieldsOf(document)['spec']);
  const to = (kind: string, reference: unknown): readonly string[] =>
    typeof reference === 'string' ? [keyText({ kind, ...resolveReference(key, reference) })] : [];
  const secrets = secretsNamedIn({ kind: key.kind, spec }).map((name) => keyText({ ...key, kind: 'Secret', name }));
  switch (key.kind) {
    case 'Api':
      return {
        ...NO_LINKS,
        labels: textsOf(fieldsOf(fieldsOf(document)['metadata'])['labels']),
        refersTo: secrets,
      };
    case 'Webhook':
      return { ...NO_LINKS, refersTo: secrets };
    case 'Contract':
      return {
        ...NO_LINKS,
        refersTo: [...to('Api', spec['api']), ...to('ClientApplication', spec['clientApplication'])],
      };
    case 'PolicyBinding': {
      const target = fieldsOf(spec['targetRef']);
      if (target['kind'] === 'Api') return { ...NO_LINKS, refersTo: [...to('Api', target['name']), ...secrets] };
      return { ...NO_LINKS, refersTo: secrets, selects: textsOf(fieldsOf(target['selector'])['labels']) };
    }
    case 'Alert': {
      const { api, selector, notify } = spec;
      const webhooks = (Array.isArray(notify) ? notify : []).flatMap((name) => to('Webhook', name));
      const selects = api === undefined ? textsOf(fieldsOf(selector)['labels']) : undefined;
      return { ...NO_LINKS, refersTo: [...to('Api', api), ...webhooks], selects };
    }
    default:
      return NO_LINKS;
  }
}

function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {};
}

function textsOf(value: unknown): Readonly<Record<string, string>> {
  const entries = Object.entries(fieldsOf(value));
  return Object.fromEntries(entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
}
