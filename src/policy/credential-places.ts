import { z } from 'zod';
import type { HeaderRead } from './header-read.ts';
import type { Request } from './policy.ts';

const TOKEN = /^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/;
const named = (what: string) => z.string().regex(TOKEN, `expected the name of a ${what}`);

/** Where a request may have a credential: in one header, query parameter or cookie. */
export const credentialPlace = z
  .strictObject({
    header: named('header')
      .transform((name) => name.toLowerCase())
      .optional(),
    scheme: named('scheme').optional().describe('What stands before the credential in that header, such as ApiKey'),
    query: z.string().min(1).optional(),
    cookie: named('cookie').optional(),
  })
  .superRefine(({ header, scheme, query, cookie }, context) => {
    const given = [header, query, cookie].filter((name) => name !== undefined);
    if (given.length !== 1) context.addIssue({ code: 'custom', message: 'expected one of header, query and cookie' });
    if (scheme !== undefined && header === undefined)
      context.addIssue({ code: 'custom', path: ['scheme'], message: 'belongs to a header' });
  });

export type CredentialPlace = z.output<typeof credentialPlace>;

/** The credentials of a request at the places of a list. */
export type Presented =
  | { readonly found: 'nothing' }
  /** Two values, or one in a form that could be read as two. */
  | { readonly found: 'several' }
  /** `headers`: those that hold the credential and that can be removed before the upstream. */
  | { readonly found: 'one'; readonly value: string; readonly headers: readonly string[] };

export interface CredentialPlaces {
  /** A text for the places. Equal lists have equal texts. */
  readonly credential: string;
  readonly headerReads: readonly HeaderRead[];
  /** The headers among them. */
  readonly headers: readonly string[];
  /** Finds the credential. The same value in several places counts once. */
  find(request: Request): Presented;
}

const NOTHING: Presented = { found: 'nothing' };
const SEVERAL: Presented = { found: 'several' };

/** @param field the option that names them */
export function credentialPlaces(places: readonly CredentialPlace[], field: string): CredentialPlaces {
  const readers = places.map((place) => ({ header: place.header, read: readerOf(place) }));
  const headers = [...new Set(places.flatMap(({ header }) => header ?? []))];
  return {
    credential: places.map(textOf).join(', '),
    headers,
    headerReads: places.flatMap(({ header }) =>
      header === undefined ? [] : [{ field, header, fromCaller: true as const }],
    ),
    find(request) {
      let value: string | undefined;
      const found: string[] = [];
      for (const { header, read } of readers) {
        const here = read(request);
        if (here === undefined) continue;
        if (here === SEVERAL || (value !== undefined && here !== value)) return SEVERAL;
        value = here as string;
        if (header !== undefined && !found.includes(header)) found.push(header);
      }
      return value === undefined ? NOTHING : { found: 'one', value, headers: found };
    },
  };
}

function textOf({ header, scheme, query, cookie }: CredentialPlace): string {
  if (header !== undefined) return scheme === undefined ? header : `${header}: ${scheme}`;
  return query === undefined ? `cookie ${cookie ?? ''}` : `query ${query}`;
}

type Reader = (request: Request) => string | undefined | typeof SEVERAL;

function readerOf({ header, scheme, query, cookie }: CredentialPlace): Reader {
  if (header !== undefined) return headerReader(header, scheme);
  if (query !== undefined) return ({ path }) => single(path.query === '' ? [] : parametersOf(path.query, query));
  return ({ check }) => {
    const sent = check.header('cookie');
    return sent === undefined ? undefined : single(cookiesOf(sent, cookie ?? ''));
  };
}

function headerReader(name: string, scheme: string | undefined): Reader {
  const prefix = scheme === undefined ? '' : `${scheme.toLowerCase()} `;
  return ({ check }) => {
    const sent = check.header(name);
    if (sent === undefined || !sent.slice(0, prefix.length).toLowerCase().startsWith(prefix)) return undefined;
    const value = sent.slice(prefix.length).trim();
    // Repeated headers are joined by a comma. Of two credentials, another reader may use either.
    if (value.includes(',')) return SEVERAL;
    return value === '' ? undefined : value;
  };
}

function single(values: readonly string[]): string | undefined | typeof SEVERAL {
  if (values.length > 1 || values[0]?.includes(',') === true) return SEVERAL;
  return values[0] === '' ? undefined : values[0];
}

function parametersOf(query: string, name: string): readonly string[] {
  return new URLSearchParams(query).getAll(name);
}

/** RFC 6265, 4.2.1; a value in quotes without them. */
function cookiesOf(header: string, name: string): readonly string[] {
  const values: string[] = [];
  for (const pair of header.split(';')) {
    const at = pair.indexOf('=');
    if (at < 0 || pair.slice(0, at).trim() !== name) continue;
    const value = pair.slice(at + 1).trim();
    values.push(/^"[^"]*"$/.test(value) ? value.slice(1, -1) : value);
  }
  return values;
}
