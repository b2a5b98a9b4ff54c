import { z } from 'zod';
import { compileExpression } from './expression.ts';
import type { ExpressionSource, Selection } from './expression.ts';
import { upgrade } from './upgrade-note.ts';
import type { UpgradeNote } from './upgrade-note.ts';

/** Which of a client's credentials the upstream sees. */
export const forwardCredentials = z
  .union([z.boolean(), z.literal('id')])
  .default('id')
  .describe('What the upstream sees of the credentials: id keeps the secret from it, true shows both, false neither');

type Forwarding = z.infer<typeof forwardCredentials>;

/** The headers that the upstream must not see. */
export function hiddenHeaders(
  { id, secret }: { readonly id: Selection; readonly secret: Selection | undefined },
  forward: Forwarding,
): readonly string[] {
  const hidden = forward === true ? [] : forward === false ? [id, secret] : [secret];
  return hidden
    .flatMap((selection) => [selection?.headerName, selection?.otherHeaderName])
    .filter((name) => name !== undefined);
}

/**
 * Why a credential can't be hidden from the upstream as the options say; undefined if it can.
 * @throws TypeError where the expression is none
 */
export function hidingProblem(
  source: ExpressionSource,
  which: 'id' | 'secret',
  forward: Forwarding,
): string | undefined {
  const { headerName, fromQuery, fromClaims } = compileExpression(source);
  if (headerName !== undefined || forward === true || (forward === 'id' && which === 'id')) return undefined;
  if (forward === false)
    return 'only a header can be removed: forwardCredentials: false needs #[attributes.headers[…]]';
  // A literal, for example, does not come from the request.
  if (!fromQuery && !fromClaims) return undefined;
  return 'the upstream would see the secret, since only a header can be removed: use #[attributes.headers[…]], or allow it with forwardCredentials: true';
}

/** For policies that take a secret, if the document does not say whether the upstream sees it. */
export function forwardingNotes({
  forwardCredentials: forward,
}: Readonly<Record<string, unknown>>): readonly UpgradeNote[] {
  const message =
    'is not set, so the upstream no longer gets the client secret (with HTTP Basic, not the whole header either); set it to id to keep this, or to true for the behaviour of 0.1';
  return forward === undefined ? [upgrade('client-secret', ['forwardCredentials'], message)] : [];
}
