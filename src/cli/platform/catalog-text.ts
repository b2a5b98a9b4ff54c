import { toJson } from '@bufbuild/protobuf';
import { CatalogApiSchema, Credential_Kind as Kind } from '../../../gen/ostiary/v1/catalog_pb.js';
import type { CatalogApi, CatalogTier, Credential } from '../../../gen/ostiary/v1/catalog_pb.js';
import { limitsInWords } from '../../quota/limit-words.ts';
import { shown } from '../analytics/shown.ts';
import { contractLine } from './contract-text.ts';
import { wordsFor } from './limits-of.ts';
import { secondsText } from './moments.ts';

const LONGEST_TERMS = 400;

/** What the callers of an API need to know of it, a line each. */
export function apiLines(api: CatalogApi): readonly string[] {
  const { entry, hosts, publicUrl, specification, terms, tiers, versions } = api;
  const lines: readonly (readonly [string, string])[] = [
    ['Name', entry?.name ?? ''],
    ['Namespace', entry?.namespace ?? ''],
    ['Display name', entry?.displayName ?? ''],
    ['Description', entry?.description ?? ''],
    ['Team', entry?.team ?? ''],
    ['Version', entry?.version ?? ''],
    ['Lifecycle', entry?.lifecycle ?? ''],
    ['Address', publicUrl],
    ['Hosts', hosts.join(', ')],
    ['Base path', entry?.basePath ?? ''],
    [
      'Tags',
      Object.entries(entry?.labels ?? {})
        .map((pair) => pair.join('='))
        .join(', '),
    ],
    ...api.authentication.map(({ credentials }, at): readonly [string, string] => [
      at === 0 ? 'Authenticate' : 'or',
      `by ${credentials.map(credentialText).join(', and ')}`,
    ]),
    ...tiers.map((tier): readonly [string, string] => ['Tier', tierText(tier)]),
    ['Terms of use', terms === undefined ? '' : termsText(terms)],
    ['Specification', specification === undefined ? '' : `${specification.format}, ${specification.name}`],
    ...(versions.length > 1
      ? [['Versions', versions.map((each) => each.version || each.name).join(', ')] as const]
      : []),
    ['Closed', api.closed],
    ['Changed', secondsText(api.changedAt)],
    ...api.contracts.flatMap(({ contract }): readonly (readonly [string, string])[] =>
      contract === undefined ? [] : [['Contract', contractLine(contract)]],
    ),
  ];
  return lines.filter(([, value]) => value !== '').map(([title, value]) => `${`${title}:`.padEnd(15)}${shown(value)}`);
}

function tierText({ approvers, autoApprove, deprecated, limits, name }: CatalogTier): string {
  const how = deprecated
    ? ', takes no new contracts'
    : autoApprove
      ? ', approved at once'
      : approvers > 1
        ? `, wants ${approvers} approvals`
        : '';
  return `${name}: ${limitsInWords(limits.map(wordsFor))}${how}`;
}

function termsText({ text, url, version }: NonNullable<CatalogApi['terms']>): string {
  const told = text.length > LONGEST_TERMS ? `${text.slice(0, LONGEST_TERMS)}…` : text;
  return [`version ${version}`, url, told].filter((part) => part !== '').join(', ');
}

const WORDS: ReadonlyMap<Kind, string> = new Map([
  [Kind.CLIENT, 'client id and secret'],
  [Kind.CLIENT_BASIC, 'client id and secret in HTTP Basic authentication'],
  [Kind.API_KEY, 'an API key'],
  [Kind.TOKEN, 'an access token'],
  [Kind.USER, 'name and password in HTTP Basic authentication'],
  [Kind.CERTIFICATE, 'a client certificate'],
]);

function credentialText({ header, issuers, kind, query, scopes, secretHeader }: Credential): string {
  const isBasic = kind === Kind.CLIENT_BASIC || kind === Kind.USER;
  const places = isBasic ? [] : [header, secretHeader].filter((each) => each !== '');
  const where = places.length > 0 ? ` (${places.join(', ')})` : query === '' ? '' : ` (?${query}=)`;
  const from = issuers.length === 0 ? '' : ` of ${issuers.join(' or ')}`;
  const forWhat = scopes.length === 0 ? '' : ` with ${scopes.join(' ')}`;
  return `${WORDS.get(kind) ?? 'what its documentation says'}${where}${from}${forWhat}`;
}

export function apiJson(api: CatalogApi): unknown {
  return toJson(CatalogApiSchema, api);
}
