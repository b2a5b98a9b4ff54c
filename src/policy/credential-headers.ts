import { z } from 'zod';
import { compileExpression, eitherSpelling } from './expression.ts';
import type { ExpressionSource, Selection } from './expression.ts';
import type { Authenticating, Request } from './policy.ts';
import { seenHeader } from './seen-headers.ts';
import { canonicalHeaderName } from '../request/header-name.ts';
import { headersAmong } from './selection.ts';

export const DEFAULT_ID = "#[attributes.headers['client_id']]";
export const DEFAULT_SECRET = "#[attributes.headers['client_secret']]";
/** The value of `www-authenticate` of policies that take a client id and a secret from headers. */
export const CLIENT_ID_CHALLENGE = 'Client-ID-Enforcement';

/** An option of the policies that take a client id and a secret. */
export const dashedHeaders = z
  .boolean()
  .default(false)
  .describe(
    'Take the headers client-id and client-secret too, for proxies that refuse names with underscores; one of them in both spellings: 401',
  );

interface CredentialOptions {
  readonly clientIdExpression?: ExpressionSource | undefined;
  readonly clientSecretExpression?: ExpressionSource | undefined;
  readonly dashedHeaders: boolean;
}

/** Where a request has its credentials. */
export interface CredentialSelections {
  readonly id: Selection;
  /** Undefined: the id alone is enough. */
  readonly secret: Selection | undefined;
}

export function credentialSelections(options: CredentialOptions): CredentialSelections {
  const { clientIdExpression, clientSecretExpression } = options;
  const selected = (source: ExpressionSource | undefined, usual: string, name: string): Selection =>
    source === undefined && options.dashedHeaders ? eitherSpelling(name) : compileExpression(source ?? usual);
  return {
    id: selected(clientIdExpression, DEFAULT_ID, 'client_id'),
    secret:
      clientSecretExpression === '' ? undefined : selected(clientSecretExpression, DEFAULT_SECRET, 'client_secret'),
  };
}

/** Why `dashedHeaders` has no effect; undefined if it has one. */
export function dashedProblem(options: CredentialOptions): string | undefined {
  if (!options.dashedHeaders || options.clientIdExpression === undefined) return undefined;
  if (options.clientSecretExpression === undefined) return undefined;
  return 'has no effect where both expressions say where the credentials are; remove it, or write the dashes there';
}

/** Whether a request has credentials for a policy that takes an id and a secret. One of the two is enough. */
export function clientCredentialPresence(selections: CredentialSelections, challenge: string): Authenticating {
  const { id, secret } = selections;
  const headers = [...headersOf(id), ...headersOf(secret)];
  const named = headers.map((name) => ({ name, canonical: canonicalHeaderName(name) }));
  // Places other than headers. A secret that is written in the document is not a credential of the request.
  const others = [id, secret].filter((selection) => selection !== undefined && selection.headerName === undefined);
  const selected = others.filter((selection) => selection === id || (selection?.reads.length ?? 0) > 0);
  return {
    credential: `client ${[id, secret].map((selection) => selection?.source ?? '').join(' ')}`,
    isPresent: (request: Request) =>
      named.some(({ name, canonical }) => seenHeader(request, name, canonical) !== undefined) ||
      selected.some((selection) => selection?.select(request) !== undefined),
    challenge,
    headers,
  };
}

function headersOf(selection: Selection | undefined): readonly string[] {
  if (selection === undefined) return [];
  const read = [selection.headerName, selection.otherHeaderName, ...headersAmong(selection.reads)];
  // The cookie header holds other cookies too, so it is not removed.
  return [...new Set(read.filter((name) => name !== undefined && name !== 'cookie'))] as string[];
}
