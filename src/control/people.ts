import { PLATFORM_TEAM } from '../access/caller.ts';
import type { AuditTrail } from '../audit/trail.ts';
import type { Clock, Timers } from '../clock.ts';
import type { Method } from '../grpc/rpc.ts';
import { isLocal } from '../listen/address.ts';
import type { ListenAddress } from '../listen/address.ts';
import { AccessTokens } from '../people/access-tokens.ts';
import { Attempts } from '../people/attempts.ts';
import { FirstLink, markOf } from '../people/first-token.ts';
import type { FirstToken } from '../people/first-token.ts';
import { identifyBy } from '../people/identify.ts';
import type { Identify } from '../people/identify.ts';
import { openPeopleTables } from '../people/open.ts';
import { ownOrigin } from '../people/own-origin.ts';
import type { OwnOrigin } from '../people/own-origin.ts';
import { createPages } from '../people/pages/pages.ts';
import type { HandlePages } from '../people/pages/pages.ts';
import { People } from '../people/people.ts';
import { ProgramLogins } from '../people/program-logins.ts';
import type { RandomBytes } from '../people/secret.ts';
import { Sessions } from '../people/sessions.ts';
import type { Log } from '../observe/log.ts';
import { openPasswordChecks } from '../password/open.ts';
import type { OpenedRegistry } from '../registry/open.ts';
import type { Registry } from '../registry/registry.ts';
import { bootstrapTokenIn, isBootstrapTokenIn } from './access.ts';
import type { ControlAccess } from './access.ts';
import { clientAddressBy } from './client-address.ts';
import type { ControlFlags } from './flags.ts';
import type { ExistingMembers } from './member-warnings.ts';
import { openProvider } from './identity-provider.ts';
import type { ProviderFlags } from './identity-provider.ts';
import { loginRecord } from './login-record.ts';
import { loginLimits } from './login-events.ts';
import type { LoginEventPorts, LoginLimited } from './login-events.ts';
import { loginMethods } from './login-service.ts';
import { peopleMethods } from './people-service.ts';
import type { PeoplePorts } from './people-ports.ts';
import { sessionMethods } from './session-service.ts';
import { tokenMethods } from './token-service.ts';

export interface OpenPeople {
  readonly identify: Identify;
  readonly existing: ExistingMembers;
  readonly origin: OwnOrigin;
  /** By which whoever starts the control plane gets in with a browser. */
  readonly firstLink: Pick<FirstLink, 'make'>;
  /** Plain HTTP routes beside the methods. */
  pages(onFailure: (path: string, error: unknown) => void, record: LoginEventPorts['record']): HandlePages;
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
  /** With the bootstrap token. */
  readonly tokenFile: string;
  readonly address: ListenAddress;
  /** What the listener speaks TLS with; undefined: plain text. */
  readonly tls: object | undefined;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly randomBytes: RandomBytes;
  readonly environment: NodeJS.ProcessEnv;
  readonly trail: AuditTrail;
  readonly log: Log;
}

/** Everything that has to do with who calls. @throws DatabaseFault (rejects with it) */
export async function openPeople(
  flags: ProviderFlags & Pick<ControlFlags, 'controlTrustedProxies' | 'publicUrl' | 'sessionIdle' | 'sessionMaxAge'>,
  opening: OpenPeoplePorts,
): Promise<OpenPeople> {
  const { controlTrustedProxies, publicUrl, sessionIdle, sessionMaxAge } = flags;
  const { address, clock, database: shared, log, randomBytes, tls, tokenFile, trail } = opening;
  const onFault = (detail: string): void => log.error('identity provider', { detail });
  const isTls = tls !== undefined;
  const database = await openPeopleTables(shared);
  const limits = { maxAgeMs: sessionMaxAge, idleMs: sessionIdle };
  const isLoopback = address.kind === 'tcp' && isLocal(address);
  const origin = ownOrigin({ publicUrl, isTls, isLoopback });
  const cookies = { isSecure: publicUrl === undefined ? isTls : new URL(publicUrl).protocol === 'https:' };
  const checks = openPasswordChecks(clock);
  const firstToken: FirstToken = {
    isToken: (given) => isBootstrapTokenIn(tokenFile, given),
    mark: async () => markOf(await bootstrapTokenIn(tokenFile)),
    // Behind a proxy of this machine are those of elsewhere.
    file: isLoopback && publicUrl === undefined && controlTrustedProxies.length === 0 ? tokenFile : undefined,
  };
  const firstLink = new FirstLink(clock, randomBytes);
  const kept = { database, clock, randomBytes };
  const people = new People(database);
  const ports: PeoplePorts = {
    people,
    sessions: new Sessions({ ...kept, limits, firstMark: firstToken.mark }),
    tokens: new AccessTokens(kept),
    attempts: new Attempts(database, clock),
    programs: new ProgramLogins(kept),
    checks,
    clock,
    randomBytes,
    urlOf: (host) => origin.urlOf(host),
    trail,
    record: loginRecord(trail, people),
  };
  const limitedBy = (record: LoginEventPorts['record']): LoginLimited => loginLimits({ ...ports, record, failed() {} });
  const provider = await openProvider(flags, { ...opening, ...ports, onFault });
  return {
    existing: async (names) => new Set([...(await people.existing(names)), ...(await ports.tokens.existing(names))]),
    identify: identifyBy({
      isBootstrapToken: firstToken.isToken,
      tokens: ports.tokens,
      sessions: ports.sessions,
      confirming: provider?.confirming,
      origin,
      cookies,
    }),
    origin,
    firstLink,
    pages: (onFailure, record) =>
      createPages(
        {
          ...ports,
          addressOf: clientAddressBy(controlTrustedProxies),
          origin,
          cookies,
          maxAgeMs: sessionMaxAge,
          provider,
          firstToken,
          firstLink,
          onProviderFault: onFault,
          limited: limitedBy(record),
        },
        onFailure,
      ),
    methods: (access, isTeam, record) => [
      ...peopleMethods({ ...ports, access }),
      ...loginMethods({ ...ports, access, limited: limitedBy(record) }),
      ...sessionMethods({ ...ports, access }),
      ...tokenMethods({ ...ports, access, isTeam }),
    ],
    close: () => checks.close(),
  };
}

/** Whether the log has a Team of a name. The platform's is there without a document. */
export function isTeamIn(registry: Pick<Registry, 'resources'>): (name: string) => Promise<boolean> {
  return async (name) =>
    name === PLATFORM_TEAM || (await registry.resources([{ kind: 'Team', namespace: PLATFORM_TEAM, name }])).length > 0;
}
