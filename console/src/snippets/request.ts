import type { AuthenticationWayJson, CatalogApiJson, CredentialJson } from '../../../gen/ostiary/v1/catalog_pb.js';

/** A part of a text: as it is, or what a variable of the environment holds. */
export type Part = string | { readonly variable: string };

/** A request to an API, as every language has to make it. */
export interface SnippetRequest {
  readonly url: string;
  /** Parameters of the query, beside those of the URL. */
  readonly query: readonly (readonly [name: string, value: readonly Part[]])[];
  readonly headers: readonly (readonly [name: string, value: readonly Part[]])[];
  /** Name and password of HTTP Basic authentication. */
  readonly basic: readonly [name: Part, password: Part] | undefined;
  /** By files of a certificate and its key. */
  readonly hasCertificate: boolean;
  /** What has to be done besides, for a comment. */
  readonly remarks: readonly string[];
}

const NOBODY: Part = { variable: 'CLIENT_ID' };

/**
 * How an API is called by one of the ways in which it authenticates.
 * @param clientId of the caller's application; undefined: they have none yet
 */
export function snippetRequest(
  url: string,
  way: AuthenticationWayJson | undefined,
  clientId: string | undefined,
): SnippetRequest {
  const headers: [string, Part[]][] = [];
  const query: [string, Part[]][] = [];
  const remarks: string[] = [];
  let basic: SnippetRequest['basic'];
  let hasCertificate = false;
  const id: Part = clientId ?? NOBODY;
  const put = ({ header = '', query: parameter = '', scheme = '' }: CredentialJson, value: Part): void => {
    if (header !== '') headers.push([header, scheme === '' ? [value] : [`${scheme} `, value]]);
    else if (parameter !== '') query.push([parameter, [value]]);
    else remarks.push('The credential goes where the documentation of the API says.');
  };
  for (const credential of way?.credentials ?? []) {
    switch (credential.kind) {
      case 'KIND_CLIENT':
        put(credential, id);
        if (credential.secretHeader !== undefined && credential.secretHeader !== '')
          headers.push([credential.secretHeader, [{ variable: 'CLIENT_SECRET' }]]);
        break;
      case 'KIND_CLIENT_BASIC':
        basic = [id, { variable: 'CLIENT_SECRET' }];
        break;
      case 'KIND_USER':
        basic = [{ variable: 'USER_NAME' }, { variable: 'USER_PASSWORD' }];
        break;
      case 'KIND_API_KEY':
        put(credential, { variable: 'API_KEY' });
        break;
      case 'KIND_TOKEN':
        put(credential, { variable: 'ACCESS_TOKEN' });
        if (credential.issuers?.[0] !== undefined) remarks.push(`ACCESS_TOKEN is of ${oneLine(credential.issuers[0])}`);
        break;
      case 'KIND_CERTIFICATE':
        hasCertificate = true;
        break;
      default:
        remarks.push('The credential goes where the documentation of the API says.');
    }
  }
  return { url, query, headers, basic, hasCertificate, remarks: [...new Set(remarks)] };
}

/**
 * What somebody else has written must not end a comment, nor show as one what is none. In Java a backslash may stand for the
 * end of a line, and no address has one.
 */
function oneLine(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, ' ').replaceAll('\\', '/');
}

/** Stands for the host of an API that does not say it. */
export const SOME_HOST = 'gateway.example.com';

/** Where an API is called; a name to be replaced where it does not say. */
export function addressOf({ entry, hosts = [], publicUrl = '' }: CatalogApiJson): string {
  if (publicUrl !== '') return publicUrl;
  const host = hosts.find((each) => !each.includes('*')) ?? SOME_HOST;
  return `https://${host}${entry?.basePath ?? '/'}`;
}

/** The URL with its parameters, in parts. */
export function urlParts({ url, query }: SnippetRequest): readonly Part[] {
  const parameters = query.flatMap(([name, value], at): readonly Part[] => {
    return [`${at === 0 && !url.includes('?') ? '?' : '&'}${encodeURIComponent(name)}=`, ...value];
  });
  const [first, ...rest] = parameters;
  return typeof first === 'string' ? [url + first, ...rest] : [url];
}
