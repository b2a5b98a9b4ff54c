import type { DescService } from '@bufbuild/protobuf';
import { AnalyticsService } from '../../gen/ostiary/v1/analytics_pb.js';
import { AuditService } from '../../gen/ostiary/v1/audit_pb.js';
import { AuthoringService } from '../../gen/ostiary/v1/authoring_pb.js';
import { BackupService } from '../../gen/ostiary/v1/backup_pb.js';
import { CatalogService } from '../../gen/ostiary/v1/catalog_pb.js';
import { ContractService } from '../../gen/ostiary/v1/contracts_pb.js';
import { CredentialService } from '../../gen/ostiary/v1/credentials_pb.js';
import { EventService } from '../../gen/ostiary/v1/events_pb.js';
import { PeopleService } from '../../gen/ostiary/v1/people_pb.js';
import { ResourceService } from '../../gen/ostiary/v1/resources_pb.js';
import { SidecarService } from '../../gen/ostiary/v1/sidecars_pb.js';
import { SnapshotService } from '../../gen/ostiary/v1/snapshots_pb.js';
import { SyncService } from '../../gen/ostiary/v1/sync_pb.js';
import { TelemetryService } from '../../gen/ostiary/v1/telemetry_pb.js';
import { TokenService } from '../../gen/ostiary/v1/tokens_pb.js';
import { UsageService } from '../../gen/ostiary/v1/usage_pb.js';
import type { Role } from './caller.ts';
import { ROLES } from './memberships.ts';
import type { Verb } from './verbs.ts';

/**
 * Who may call a method at all, before its request is read. What they may do to which object, the method asks of itself.
 * - `anyone`: without a login
 * - `sidecar`: a sidecar, by its own credential: the method checks it
 * - `identity`: whoever has logged in, even without a role
 * - `role`: whoever has one of the roles, in any team or in the platform's
 */
export type MethodRule = { readonly by: 'anyone' | 'sidecar' | 'identity' } | RoleRule;

export interface RoleRule {
  readonly by: 'role';
  /** A credential that is narrowed needs one of them. */
  readonly verbs: readonly Verb[];
  readonly roles: readonly Role[];
  readonly team: 'any' | 'platform';
}

const ANYONE: MethodRule = { by: 'anyone' };
const IDENTITY: MethodRule = { by: 'identity' };
const SIDECAR: MethodRule = { by: 'sidecar' };
const READERS: MethodRule = inAnyTeam(['read'], ROLES);
const WRITERS: MethodRule = inAnyTeam(['write'], ['admin', 'owner', 'developer']);
const APPROVERS: MethodRule = inAnyTeam(['approve'], ['admin', 'owner']);
const DEVELOPERS: MethodRule = inAnyTeam(['write'], ['admin', 'developer']);
const PLATFORM_ADMINS: MethodRule = ofPlatform(['administer'], ['admin']);
const PLATFORM_READERS: MethodRule = ofPlatform(['read'], ['admin', 'viewer', 'auditor']);

/** The services of a control plane. */
const services = {
  AnalyticsService,
  AuditService,
  AuthoringService,
  BackupService,
  CatalogService,
  ContractService,
  CredentialService,
  EventService,
  PeopleService,
  ResourceService,
  SidecarService,
  SnapshotService,
  SyncService,
  TelemetryService,
  TokenService,
  UsageService,
} satisfies Readonly<Record<string, DescService>>;

type Services = typeof services;

/** A row for each method of each service: without it, this does not compile. */
const rules: { readonly [S in keyof Services]: { readonly [M in keyof Services[S]['method']]: MethodRule } } = {
  ResourceService: {
    apply: WRITERS,
    diff: WRITERS,
    delete: WRITERS,
    get: READERS,
    list: READERS,
    watch: READERS,
  },
  ContractService: {
    request: inAnyTeam(['request'], ['admin', 'developer']),
    approve: APPROVERS,
    reject: APPROVERS,
    revoke: APPROVERS,
    restore: APPROVERS,
    changeTier: inAnyTeam(['request', 'approve'], ['admin', 'owner', 'developer']),
    withdraw: inAnyTeam(['request', 'approve'], ['admin', 'owner', 'developer']),
    setExpiry: APPROVERS,
    getContract: READERS,
  },
  CatalogService: {
    search: READERS,
    describe: READERS,
    listApplications: READERS,
    listContracts: READERS,
  },
  UsageService: { getUsage: READERS },
  CredentialService: {
    createApplication: DEVELOPERS,
    rotateSecret: DEVELOPERS,
    endSecret: DEVELOPERS,
    killSecrets: DEVELOPERS,
    withdrawApplication: DEVELOPERS,
  },
  AuditService: {
    listEntries: inAnyTeam(['audit'], ['admin', 'auditor']),
    listChanges: inAnyTeam(['audit'], ['admin', 'auditor']),
    export: ofPlatform(['audit'], ['admin', 'auditor']),
    verify: ofPlatform(['audit'], ['admin', 'auditor']),
    getHead: ofPlatform(['audit'], ['admin', 'auditor']),
  },
  AnalyticsService: {
    query: READERS,
    top: READERS,
    graph: READERS,
    listSamples: READERS,
  },
  SidecarService: {
    listSidecars: PLATFORM_READERS,
    getReceipt: READERS,
    askSidecar: PLATFORM_READERS,
    forgetSidecar: PLATFORM_ADMINS,
    createSidecarToken: PLATFORM_ADMINS,
    adoptHistories: PLATFORM_ADMINS,
  },
  AuthoringService: {
    listKinds: IDENTITY,
    getSchema: IDENTITY,
    listOwnApis: READERS,
    listRequests: APPROVERS,
  },
  SnapshotService: {
    exportSnapshot: PLATFORM_ADMINS,
    getSnapshotKey: PLATFORM_ADMINS,
  },
  BackupService: { download: PLATFORM_ADMINS },
  SyncService: { join: SIDECAR, follow: SIDECAR },
  TelemetryService: { reportSlots: SIDECAR },
  // Of the caller's own teams.
  EventService: {
    listEvents: READERS,
    listDeliveries: READERS,
    redeliver: WRITERS,
    subscribe: IDENTITY,
    listSubscriptions: IDENTITY,
    unsubscribe: IDENTITY,
  },
  // One's own sessions and tokens; of whose else's, the methods ask for an admin of their team.
  PeopleService: {
    logIn: ANYONE,
    beginLogin: ANYONE,
    completeLogin: ANYONE,
    whoAmI: IDENTITY,
    logOut: IDENTITY,
    describeLogin: IDENTITY,
    decideLogin: IDENTITY,
    listSessions: IDENTITY,
    endSessions: IDENTITY,
    setPassword: IDENTITY,
    listUsers: PLATFORM_ADMINS,
    createUser: PLATFORM_ADMINS,
    setUserDisabled: PLATFORM_ADMINS,
    deleteUser: PLATFORM_ADMINS,
  },
  TokenService: {
    createAccessToken: IDENTITY,
    listAccessTokens: IDENTITY,
    revokeAccessToken: IDENTITY,
  },
};

/** Health of the process, as gRPC asks for it. */
const OPEN: ReadonlySet<string> = new Set(['/grpc.health.v1.Health/Check', '/grpc.health.v1.Health/Watch']);

const byPath: ReadonlyMap<string, MethodRule> = new Map(
  Object.entries(services).flatMap(([name, service]: [string, DescService]) => {
    const rows = rules[name as keyof Services] as Readonly<Record<string, MethodRule>>;
    return service.methods.flatMap((method): readonly (readonly [string, MethodRule])[] => {
      const rule = rows[method.localName];
      return rule === undefined ? [] : [[`/${service.typeName}/${method.name}`, rule]];
    });
  }),
);

/** @param path such as `/ostiary.v1.ResourceService/List` @returns undefined: nobody may call it */
export function methodRule(path: string): MethodRule | undefined {
  return OPEN.has(path) ? ANYONE : byPath.get(path);
}

/** Whether a method needs no login, or asks for a credential of its own. */
export function isAskedByItself(path: string): boolean {
  const by = methodRule(path)?.by;
  return by === 'anyone' || by === 'sidecar';
}

/** All paths that have a rule. */
export function ruledPaths(): readonly string[] {
  return [...byPath.keys()];
}

function inAnyTeam(verbs: readonly Verb[], roles: readonly Role[]): MethodRule {
  return { by: 'role', verbs, roles, team: 'any' };
}

function ofPlatform(verbs: readonly Verb[], roles: readonly Role[]): MethodRule {
  return { by: 'role', verbs, roles, team: 'platform' };
}
