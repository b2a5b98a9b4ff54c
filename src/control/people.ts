import { PLATFORM_TEAM } from '../access/caller.ts';
import type { Clock } from '../clock.ts';
import type { Method } from '../grpc/rpc.ts';
import { isLocal } from '../listen/address.ts';
import type { ListenAddress } from '../listen/address.ts';
import { AccessTokens } from '../people/access-tokens.ts';
import { Attempts } from '../people/attempts.ts';
import type { CookieRules } from '../people/cookies.ts';
import { identifyBy } from '../people/identify.ts';
import type { Identify } from '../people/identify.ts';
import { openPeopleTables } from '../people/open.ts';
import { ownOrigin } from '../people/own-origin.ts';
import type { OwnOrigin } from '../people/own-origin.ts';
import { People } from '../people/people.ts';
import { ProgramLogins } from '../people/program-logins.ts';
import type { RandomBytes } from '../people/secret.ts';
import { Sessions } from '../people/sessions.ts';
import { openPasswordChecks } from '../password/open.ts';
import type { OpenedRegistry } from '../registry/open.ts';
import type { Registry } from '../registry/registry.ts';
import { isBootstrapTokenIn } from './access.ts';
import type { ControlAccess } from './access.ts';
import type { ControlFlags } from './flags.ts';
import { loginLimits } from './login-events.ts';
import type { LoginEventPorts } from './login-events.ts';
import { loginMethods } from './login-service.ts';
import { peopleMethods } from './people-service.ts';
import type { PeoplePorts } from './people-ports.ts';
import { sessionMethods } from './session-service.ts';
import { tokenMethods } from './token-service.ts';

export interface OpenPeople {
  readonly identify: Identify;
  readonly origin: OwnOrigin;
  readonly cookies: CookieRules;
  /** @param isTeam whether there is a Team of this name */
  methods(
    access: ControlAccess,
    isTeam: (name: string) => Promise<boolean>,
    record: LoginEventPorts['record'],
  ): readonly Method[];
  close(): void;
}

export interface OpenPeoplePorts {
  readonly database: OpenedRegistry['database'];
  readonly bootstrapTokenFile: string;
  readonly address: ListenAddress;
  readonly isTls: boolean;
  readonly clock: Clock;
  readonly randomBytes: RandomBytes;
}

/** Everything that has to do with who calls. @throws DatabaseFault (rejects with it) */
export async function openPeople(
  flags: Pick<ControlFlags, 'publicUrl' | 'sessionIdle' | 'sessionMaxAge'>,
  { address, bootstrapTokenFile, clock, database: shared, isTls, randomBytes }: OpenPeoplePorts,
): Promise<OpenPeople> {
  const { publicUrl, sessionIdle, sessionMaxAge } = flags;
  const database = await openPeopleTables(shared);
  const limits = { maxAgeMs: sessionMaxAge, idleMs: sessionIdle };
  const isLoopback = address.kind === 'tcp' && isLocal(address);
  const origin = ownOrigin({ publicUrl, isTls, isLoopback });
  const cookies = { isSecure: publicUrl === undefined ? isTls : new URL(publicUrl).protocol === 'https:' };
  const checks = openPasswordChecks(clock);
  const kept = { database, clock, randomBytes };
  const ports: PeoplePorts = {
    people: new People(database),
    sessions: new Sessions({ ...kept, limits }),
    tokens: new AccessTokens(kept),
    attempts: new Attempts(database, clock),
    programs: new ProgramLogins(kept),
    checks,
    clock,
    randomBytes,
    urlOf: (host) => origin.urlOf(host),
  };
  const isBootstrapToken = (given: string): Promise<boolean> => isBootstrapTokenIn(bootstrapTokenFile, given);
  return {
    identify: identifyBy({
      isBootstrapToken,
      tokens: ports.tokens,
      sessions: ports.sessions,
      confirming: undefined,
      origin,
      cookies,
    }),
    origin,
    cookies,
    methods: (access, isTeam, record) => [
      ...peopleMethods({ ...ports, access }),
      ...loginMethods({ ...ports, access, limited: loginLimits({ ...ports, record, failed() {} }) }),
      ...sessionMethods({ ...ports, access }),
      ...tokenMethods({ tokens: ports.tokens, access, isTeam }),
    ],
    close: () => checks.close(),
  };
}

/** Whether the log has a Team of a name. The platform's is there without a document. */
export function isTeamIn(registry: Pick<Registry, 'resources'>): (name: string) => Promise<boolean> {
  return async (name) =>
    name === PLATFORM_TEAM || (await registry.resources([{ kind: 'Team', namespace: PLATFORM_TEAM, name }])).length > 0;
}
