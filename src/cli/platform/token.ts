import { timestampDate } from '@bufbuild/protobuf/wkt';
import { CreateSidecarTokenResponseSchema } from '../../../gen/ostiary/v1/sidecars_pb.js';
import { UserError } from '../../errors.ts';
import { integer, list, oneOf, text, toggle } from '../../flags.ts';
import type { FlagValues } from '../../flags.ts';
import { didYouMean } from '../../nearest.ts';
import { printJson } from '../analytics/asking.ts';
import { lengthOf } from '../analytics/time-flags.ts';
import { defineCommand } from '../command.ts';
import { createAccessToken, listAccessTokens, revokeAccessToken } from './access-token.ts';
import { callServer, serverFlags } from './server.ts';
import type { Caller } from './server.ts';
import { scopeFlags, scopeOf } from './scope-flags.ts';

const lifetime = (given: string): string | undefined =>
  lengthOf(given) === undefined ? 'expected how long, such as 1h or 30d' : undefined;

const ACTIONS = ['create', 'list', 'revoke'];
const SIDECAR_TTL = '1h';
const CI_TTL = '90d';

const flags = {
  sidecar: toggle('of create: a token for sidecars to join with'),
  ci: toggle('of create: a token for a program that calls the control plane, such as CI'),
  name: text(undefined, 'TEXT', 'what it is for; with --ci its name, such as ci-orders'),
  team: text(undefined, 'NAME', 'with --ci, and of list: of this team; without it, your own'),
  verb: list([], 'VERB', 'with --ci: what it may do at most: read, write, request, approve, audit; repeatable'),
  kind: list([], 'KIND', 'with --ci: with which kinds of documents at most; repeatable'),
  inTeam: list([], 'NAME', 'with --ci: in which teams at most; repeatable'),
  ...scopeFlags,
  ttl: {
    ...text(undefined, 'LENGTH', 'how long sidecars may join with it, or how long it is good: 30m, 7d', lifetime),
    shown: `${SIDECAR_TTL}; with --ci ${CI_TTL}`,
  },
  uses: { ...integer(0, 0, 1_000_000, 'how many sidecars may join with it'), shown: 'any number' },
  all: toggle('of list: those of everybody'),
  output: { ...oneOf('text', ['text', 'json'], 'the token alone, or a table; or JSON'), short: 'o' },
  ...serverFlags,
};
type Values = FlagValues<typeof flags>;

const SIDECAR_ONLY: readonly (keyof Values)[] = [...(Object.keys(scopeFlags) as (keyof typeof scopeFlags)[]), 'uses'];
const CI_ONLY: readonly (keyof Values)[] = ['team', 'verb', 'kind', 'inTeam'];

/** Makes tokens, lists and revokes them. */
export const command = defineCommand({
  usage: 'token create --sidecar|--ci | list | revoke ID [FLAGS]',
  summary:
    'create --sidecar makes a token with which sidecars join the control plane. What the sidecars get is the scope of the\n' +
    'token: APIs that meet all of the conditions, with their contracts.\n' +
    'create --ci makes an access token for a program: of your own, with which it may at most what you may, or of a team,\n' +
    'whose document gives token:NAME a role. --verb, --kind and --in-team narrow it.\n' +
    'A token is printed once, and kept as a hash. list shows access tokens and when each was used last; revoke ends one.',
  examples: [
    'token create --sidecar > join-token',
    'token create --sidecar --scope-namespace shop --ttl 7d --name eu-1 > join-token',
    'token create --ci --name ci-orders --team shop --verb read --verb write --kind Api > token',
    'token revoke 4fz0xw1q2m3n',
  ],
  flags,
  sections: { sidecar: 'What for', output: 'How', server: 'Where' },
  maxArguments: 2,
  argumentWords: ACTIONS,
  concerned([action], { ci }) {
    const common = ['server', 'serverCa', 'requestTimeout', 'tokenFile'] as const;
    if (action === 'list') return ['team', 'all', 'output', ...common];
    if (action === 'revoke') return common;
    const others = (Object.keys(flags) as (keyof Values)[]).filter((key) => key !== 'all');
    if (action !== 'create') return undefined;
    return others.filter((key) => !(ci ? SIDECAR_ONLY : CI_ONLY).includes(key));
  },
  async run({ values, positionals: [action, id] }, environment) {
    const caller = { values, environment };
    const { all, ci, output, sidecar, team } = values;
    if (action === 'list') return listAccessTokens({ all, output, team }, caller);
    if (action === 'revoke') return revokeAccessToken(id, caller);
    if (action !== 'create') {
      const meant = action === undefined ? '?' : didYouMean(action, ACTIONS) || '?';
      throw new UserError(`what of tokens${meant} ostiary token create --sidecar|--ci, list, or revoke ID`, 2);
    }
    if (sidecar === ci) throw new UserError('a token for whom? ostiary token create --sidecar, or --ci', 2);
    if (!ci) return createSidecarToken(values, caller);
    const { inTeam, kind, name, ttl = CI_TTL, verb } = values;
    const wanted = { name, team, verbs: verb, kinds: kind, teams: inTeam, ttlMs: lengthOf(ttl) ?? 0, output };
    return createAccessToken(wanted, caller);
  },
});

async function createSidecarToken(values: Values, caller: Caller): Promise<number> {
  const { name, output, ttl = SIDECAR_TTL, uses } = values;
  const request = {
    name,
    scope: scopeOf(values),
    ttl: `${(lengthOf(ttl) ?? 0) / 1000}s`,
    mostUses: uses,
  };
  const method = 'SidecarService/CreateSidecarToken';
  const answer = await callServer(method, request, CreateSidecarTokenResponseSchema, caller);
  const expires = answer.expires === undefined ? undefined : timestampDate(answer.expires).toISOString();
  if (output === 'json') printJson({ token: answer.token, expires });
  else {
    process.stdout.write(`${answer.token}\n`);
    process.stderr.write(`sidecars may join with it until ${expires ?? 'it is withdrawn'}; it is not shown again\n`);
  }
  return 0;
}
