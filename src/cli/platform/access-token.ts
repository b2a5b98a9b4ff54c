import {
  CreateAccessTokenResponseSchema,
  ListAccessTokensResponseSchema,
  RevokeAccessTokenResponseSchema,
} from '../../../gen/ostiary/v1/tokens_pb.js';
import type { AccessToken } from '../../../gen/ostiary/v1/tokens_pb.js';
import { UserError } from '../../errors.ts';
import { printJson } from '../analytics/asking.ts';
import { shown } from '../analytics/shown.ts';
import { table } from '../analytics/table.ts';
import { isoText, secondsText } from './moments.ts';
import { callServer } from './server.ts';
import type { Caller } from './server.ts';

interface NewToken {
  readonly name: string | undefined;
  readonly team: string | undefined;
  readonly verbs: readonly string[];
  readonly kinds: readonly string[];
  readonly teams: readonly string[];
  readonly ttlMs: number;
  readonly output: 'text' | 'json';
}

/** Makes a token of the caller, or of a team, and prints it. */
export async function createAccessToken(wanted: NewToken, caller: Caller): Promise<number> {
  const { kinds, name, output, team, teams, ttlMs, verbs } = wanted;
  if (name === undefined) throw new UserError('what is it called? ostiary token create --ci --name ci-orders', 2);
  const request = { name, team, limits: { verbs, kinds, teams }, ttl: `${ttlMs / 1000}s` };
  const answer = await callServer('TokenService/CreateAccessToken', request, CreateAccessTokenResponseSchema, caller);
  const { details, token } = answer;
  if (output === 'json') printJson({ token, ...(details && jsonOf(details)) });
  else {
    process.stdout.write(`${token}\n`);
    const member =
      team === undefined ? '' : `; the Team ${shown(team)} says what it may by the member token:${shown(name)}`;
    process.stderr.write(`it is good until ${secondsText(details?.expires)}, and is not shown again${member}\n`);
  }
  return 0;
}

export async function listAccessTokens(
  { all, output, team }: { readonly all: boolean; readonly team: string | undefined; readonly output: 'text' | 'json' },
  caller: Caller,
): Promise<number> {
  const { tokens } = await callServer(
    'TokenService/ListAccessTokens',
    { all, team },
    ListAccessTokensResponseSchema,
    caller,
  );
  if (output === 'json') printJson({ tokens: tokens.map(jsonOf) });
  else if (tokens.length === 0) {
    const others = all || team !== undefined ? '' : ' of yours; those of a team: --team NAME';
    process.stdout.write(`there is no access token${others}\n`);
  } else {
    const columns = ['ID', 'NAME', 'OF', 'LIMITS', 'UNTIL', 'LAST USED', 'FROM'].map((title) => ({ title }));
    process.stdout.write(table(columns, tokens.map(rowOf)));
  }
  return 0;
}

export async function revokeAccessToken(id: string | undefined, caller: Caller): Promise<number> {
  if (id === undefined) throw new UserError('which token? ostiary token revoke ID, as ostiary token list shows it', 2);
  const { token } = await callServer('TokenService/RevokeAccessToken', { id }, RevokeAccessTokenResponseSchema, caller);
  process.stdout.write(`token ${shown(token?.name ?? id)} is revoked\n`);
  return 0;
}

function rowOf({ expires, id, lastUsed, lastUsedAddress, limits, name, revoked, team, user }: AccessToken): string[] {
  const narrowed = [...(limits?.verbs ?? []), ...(limits?.kinds ?? []), ...(limits?.teams ?? [])].join(', ');
  const end = revoked === undefined ? secondsText(expires) : 'revoked';
  return [
    id,
    name,
    team === '' ? user : `team ${team}`,
    narrowed || 'none',
    end,
    secondsText(lastUsed) || 'never',
    lastUsedAddress,
  ];
}

function jsonOf(token: AccessToken): object {
  const { createdBy, expires, id, lastUsed, lastUsedAddress, limits, name, revoked, team, user } = token;
  return {
    id,
    name,
    ...(user !== '' && { user }),
    ...(team !== '' && { team }),
    limits: { verbs: limits?.verbs ?? [], kinds: limits?.kinds ?? [], teams: limits?.teams ?? [] },
    created: isoText(token.created),
    createdBy,
    expires: isoText(expires),
    ...(lastUsed && { lastUsed: isoText(lastUsed), lastUsedAddress }),
    ...(revoked && { revoked: isoText(revoked) }),
  };
}
