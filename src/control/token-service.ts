import { create } from '@bufbuild/protobuf';
import { durationMs } from '@bufbuild/protobuf/wkt';
import {
  CreateAccessTokenRequestSchema,
  CreateAccessTokenResponseSchema,
  ListAccessTokensRequestSchema,
  ListAccessTokensResponseSchema,
  RevokeAccessTokenRequestSchema,
  RevokeAccessTokenResponseSchema,
  TokenService,
} from '../../gen/ostiary/v1/tokens_pb.js';
import type { CreateAccessTokenRequest } from '../../gen/ostiary/v1/tokens_pb.js';
import type { Caller, CallerLimits } from '../access/caller.ts';
import { didYouMean } from '../nearest.ts';
import { VERBS } from '../access/verbs.ts';
import { documentSchemas } from '../document/schema.ts';
import { Code, RpcError } from '../grpc/rpc.ts';
import type { Method } from '../grpc/rpc.ts';
import { problemOfTokenName } from '../people/access-tokens.ts';
import type { AccessToken } from '../people/access-tokens.ts';
import { credentialOf } from '../people/identify.ts';
import type { ControlAccess } from './access.ts';
import { guardedUnary } from './guarded.ts';
import { tokenMessage } from './people-messages.ts';
import { tokenEventOf } from './people-events.ts';
import type { PeoplePorts } from './people-ports.ts';
import { invalid, isAdminOf, isPlatformAdmin, noSuch, refuseNarrowed, requirePlatformAdmin } from './people-rights.ts';

const DAY_MS = 24 * 60 * 60_000;
const DEFAULT_TTL_MS = 90 * DAY_MS;
const MOST_TTL_MS = 366 * DAY_MS;
const MOST_LIMITS = 100;

export interface TokenServicePorts extends Pick<PeoplePorts, 'tokens' | 'trail'> {
  readonly access: ControlAccess;
  /** Whether there is a Team of this name. */
  readonly isTeam: (name: string) => Promise<boolean>;
}

/** The methods of `ostiary.v1.TokenService`. */
export function tokenMethods({ access, isTeam, tokens, trail }: TokenServicePorts): readonly Method[] {
  const define = guardedUnary(TokenService.typeName, access);
  return [
    define(
      'CreateAccessToken',
      CreateAccessTokenRequestSchema,
      CreateAccessTokenResponseSchema,
      async (request, caller) => {
        const { name, team } = request;
        const problem = problemOfTokenName(name);
        if (problem !== undefined) throw invalid(`name: ${problem}`);
        requireMaker(caller, team);
        if (team !== '' && !(await isTeam(team))) throw noSuch(`team ${JSON.stringify(team)}`);
        const person = team === '' ? caller.name : '';
        const limits = limitsOf(request);
        const token = { name, person, team, limits, createdBy: caller.name, ttlMs: ttlOf(request) };
        const added = await trail.recorded(
          async (inside) => {
            const made = await tokens.in(inside).add(token);
            if (made !== 'taken') return made;
            const whose = team === '' ? 'you have' : 'there is';
            const remedy = 'revoke it first, or take another name';
            throw new RpcError(Code.alreadyExists, `${whose} a token ${name} already: ${remedy}`);
          },
          (made) => tokenEventOf('token.created', caller, made.token),
        );
        return create(CreateAccessTokenResponseSchema, { token: added.secret, details: tokenMessage(added.token) });
      },
    ),
    define(
      'ListAccessTokens',
      ListAccessTokensRequestSchema,
      ListAccessTokensResponseSchema,
      async ({ all, team }, caller) => {
        if (all) requirePlatformAdmin(caller, 'list the tokens of everybody');
        else if (team !== '' && !isAdminOf(team, caller))
          throw noSuch(`team ${JSON.stringify(team)} whose tokens you may list`);
        const found = await tokens.list(all ? 'everybody' : team === '' ? { person: caller.name } : { team });
        return create(ListAccessTokensResponseSchema, { tokens: found.map(tokenMessage) });
      },
    ),
    define(
      'RevokeAccessToken',
      RevokeAccessTokenRequestSchema,
      RevokeAccessTokenResponseSchema,
      async ({ id }, caller) => {
        const token = await tokens.find(id);
        if (token === undefined || !mayRevoke(caller, token)) throw noSuch(`access token ${JSON.stringify(id)}`);
        // A program that is done may always end its own.
        if (credentialOf(caller.credential).id !== id) refuseNarrowed(caller, 'revoke other tokens');
        const revoked = await trail.recorded(
          (inside) => tokens.in(inside).revoke(id),
          () => tokenEventOf('token.revoked', caller, token),
        );
        return create(RevokeAccessTokenResponseSchema, revoked && { token: tokenMessage(revoked) });
      },
    ),
  ];
}

/** A token that makes tokens would outlive its own end. @throws RpcError */
function requireMaker(caller: Caller, team: string): void {
  const { kind } = credentialOf(caller.credential);
  if (kind === 'token')
    throw new RpcError(Code.permissionDenied, `${caller.name} may not make tokens by a token: log in`);
  if (team === '' && caller.isBootstrap) {
    throw invalid('team: whose is the token? The bootstrap token is nobody; log in for one of your own');
  }
  if (team === '' || isAdminOf(team, caller)) return;
  throw new RpcError(
    Code.permissionDenied,
    `${caller.name} may not make tokens of the team ${JSON.stringify(team)}: it takes the role admin there`,
  );
}

function mayRevoke(caller: Caller, { person, team }: AccessToken): boolean {
  if (isPlatformAdmin(caller)) return true;
  return team === '' ? person === caller.name : isAdminOf(team, caller);
}

/** @throws RpcError */
function ttlOf({ ttl }: CreateAccessTokenRequest): number {
  const ttlMs = ttl === undefined ? DEFAULT_TTL_MS : durationMs(ttl);
  if (ttlMs >= 1000 && ttlMs <= MOST_TTL_MS) return ttlMs;
  throw invalid('ttl: from a second to 366 days');
}

/** What has a typing error would narrow to nothing. @throws RpcError */
function limitsOf({ limits, team }: CreateAccessTokenRequest): CallerLimits {
  const { kinds = [], teams = [], verbs = [] } = limits ?? {};
  if (kinds.length + teams.length + verbs.length > MOST_LIMITS) throw invalid(`limits: at most ${MOST_LIMITS}`);
  requireKnown('verbs', verbs, VERBS);
  requireKnown('kinds', kinds, Object.keys(documentSchemas));
  if (team !== '' && teams.some((each) => each !== team)) {
    throw invalid(`limits.teams: a token of the team ${team} reaches no other team`);
  }
  return { kinds, teams, verbs };
}

function requireKnown(field: string, given: readonly string[], known: readonly string[]): void {
  const unknown = given.find((each) => !known.includes(each));
  if (unknown === undefined) return;
  const meant = didYouMean(unknown, known) || `: one of ${known.join(', ')}`;
  throw invalid(`limits.${field}: ${JSON.stringify(unknown)} is none${meant}`);
}
