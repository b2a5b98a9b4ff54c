import { create } from '@bufbuild/protobuf';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import type { DescService } from '@bufbuild/protobuf';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { AuditService } from '../../gen/ostiary/v1/audit_pb.js';
import { AuthoringService } from '../../gen/ostiary/v1/authoring_pb.js';
import { ContractService } from '../../gen/ostiary/v1/contracts_pb.js';
import { CredentialService } from '../../gen/ostiary/v1/credentials_pb.js';
import { PeopleService, WhoAmIRequestSchema, WhoAmIResponseSchema } from '../../gen/ostiary/v1/people_pb.js';
import { ResourceService } from '../../gen/ostiary/v1/resources_pb.js';
import { grantsOf } from '../../src/access/memberships.ts';
import { systemClock, systemTimers } from '../../src/clock.ts';
import type { Clock } from '../../src/clock.ts';
import { openAudit } from '../../src/audit/open.ts';
import type { AuditTrail } from '../../src/audit/trail.ts';
import { auditSight } from '../../src/control/audit-sight.ts';
import { auditMethods } from '../../src/control/audit-service.ts';
import { Changing } from '../../src/control/changing.ts';
import { CurrentIndex } from '../../src/control/current-index.ts';
import { teamsIn } from '../../src/control/teams-in.ts';
import { SecretVault } from '../../src/control/secret-vault.ts';
import { writingMethods } from '../../src/control/writing-methods.ts';
import { egressRules } from '../../src/egress/rules.ts';
import { Code, RpcError } from '../../src/grpc/rpc.ts';
import type { Method } from '../../src/grpc/rpc.ts';
import { unaryOf } from '../../src/operator/unary.ts';
import { createConnectHandler } from '../../src/operator/connect.ts';
import { policyKinds } from '../../src/policies/index.ts';
import type { OpenedRegistry, RegistryPlace } from '../../src/registry/open.ts';
import { fetchesNothing, offlineEnvironment } from '../../src/serve/offline-environment.ts';
import { openAt } from '../registry/opened.ts';
import { ADMINISTRATOR } from './administrator.ts';
import type { ControlAccess } from '../../src/control/access.ts';

type Json = Record<string, unknown>;

/** The services of resources on a real log, asked over HTTP as curl would. */
export interface ControlServices extends OpenedRegistry {
  readonly index: CurrentIndex;
  readonly url: string;
  /** What the clock of credentials tells; undefined: the time. */
  nowMs: number | undefined;
  /** Writes as another control plane on this log would. */
  newWriter(): Changing;
  readonly trail: AuditTrail;
  /** For a transport of another kind. */
  readonly methods: readonly Method[];
  /**
   * The answer; of an error `{ status, code, message }`.
   * @param token `as NAME`: of somebody of that name who may do everything; `user:NAME`: who may do what Teams say
   */
  ask(method: string, request: object, token?: string): Promise<Json>;
  /** ResourceService/Apply of some documents. */
  apply(documents: readonly object[], more?: object): Promise<Json>;
}

/** What a test asks besides the services of resources. */
export interface MoreServices {
  readonly services: readonly DescService[];
  readonly methods: (ports: {
    readonly access: ControlAccess;
    readonly index: CurrentIndex;
    readonly registry: OpenedRegistry['registry'];
  }) => readonly Method[];
}

export const TOKEN = 'an-ADMINISTRATOR';

/** Opens what any other of these has sealed. */
export const vault = new SecretVault([Buffer.alloc(32, 'k')], randomBytes);

export const AUDIT_KEY = generateKeyPairSync('ed25519');

export async function openServices(
  place: RegistryPlace,
  { vault: own }: { readonly vault: SecretVault | undefined } = { vault },
  others: MoreServices = { services: [], methods: () => [] },
): Promise<ControlServices> {
  const opened = await openAt(place);
  const { registry } = opened;
  const index = new CurrentIndex(registry);
  const offline = offlineEnvironment({ transport: fetchesNothing, rules: egressRules([]) }, randomBytes);
  const access: ControlAccess = async (_path, { authorization = '' }) => {
    if (authorization === `Bearer ${TOKEN}`) return ADMINISTRATOR;
    // Somebody of this name, who may do everything too; `token:ci/user:alice` is a token of alice's.
    const [, name, person] = /^Bearer as ([^/]+)(?:\/(.+))?$/.exec(authorization) ?? [];
    if (name !== undefined) return { ...ADMINISTRATOR, name, ...(person !== undefined && { person }) };
    // Somebody who is what the Teams say.
    const [, member] = /^Bearer (user:.*)$/.exec(authorization) ?? [];
    if (member === undefined) throw new RpcError(Code.unauthenticated, 'no');
    return { ...ADMINISTRATOR, name: member, credential: 'session:1', isBootstrap: false, grants: [] };
  };
  const receipts = {
    of: async (revision: number) => ({ revision, enforced: 2, pending: ['a'], unreachable: [], ms: 7.4 }),
  };
  const { environment } = offline;
  const clock: Clock = { ...systemClock, now: () => services.nowMs ?? Date.now() };
  const ofLog = { registry, policyKinds, environment, vault: own, clock };
  const changing = new Changing({ ...ofLog, index });
  const scope = { namespaces: [], apis: [], labels: {} };
  const sidecars = [
    { node: 'all', scope },
    { node: 'of-returns', scope: { ...scope, namespaces: ['returns'] } },
  ];
  const countedSidecars = () => Promise.resolve(sidecars);
  const writing = { registry, index, changing, access, receipts, policyKinds, countedSidecars };
  const {
    store,
    trail,
    close: closeAudit,
  } = await openAudit(opened.database, {
    clock,
    timers: systemTimers,
    random: Math.random,
  });
  const whoAmI = unaryOf(PeopleService.typeName)(
    'WhoAmI',
    WhoAmIRequestSchema,
    WhoAmIResponseSchema,
    async (_, call) => {
      const caller = await access('', call);
      const found = grantsOf(caller, teamsIn((await index.current()).index));
      return create(WhoAmIResponseSchema, { name: caller.name, roles: [...caller.grants, ...found] });
    },
  );
  const methods = [
    whoAmI,
    ...writingMethods({ ...writing, clock, randomBytes }),
    ...auditMethods({
      access,
      store,
      trail,
      key: AUDIT_KEY,
      clock,
      sight: (caller) => auditSight(caller, index),
    }),
    ...others.methods({ access, index, registry }),
  ];
  const handle = createConnectHandler({
    services: [
      ResourceService,
      ContractService,
      CredentialService,
      AuditService,
      AuthoringService,
      PeopleService,
      ...others.services,
    ],
    methods,
    allow: async () => {},
    maxMessageBytes: 64 * 1024 * 1024,
    now: () => performance.now(),
    onFailure: (path, error) => console.error(path, error),
  });
  const server: Server = createServer((request, response) => void handle(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const ask: ControlServices['ask'] = async (method, request, token = TOKEN) => {
    const answer = await fetch(`${url}/ostiary.v1.${method}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      body: JSON.stringify(request),
    });
    const body = (await answer.json()) as Json;
    return answer.ok ? body : { status: answer.status, ...body };
  };
  const services: ControlServices = {
    ...opened,
    trail,
    index,
    url,
    nowMs: undefined,
    newWriter: () => new Changing({ ...ofLog, index: new CurrentIndex(registry) }),
    methods,
    ask,
    apply: (documents, more = {}) =>
      ask('ResourceService/Apply', { documents: documents.map((each) => ({ document: each })), ...more }),
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      offline.close();
      await closeAudit();
      await opened.close();
    },
  };
  return services;
}

const API_VERSION = 'ostiary.dev/v1alpha1';

export function api(name: string, spec: object = {}, metadata: object = {}) {
  const own = { hosts: [`${name}.example.com`], tiers: [TIER], policies: [ENFORCEMENT], ...spec };
  return { apiVersion: API_VERSION, kind: 'Api', metadata: { name, ...metadata }, spec: own };
}

export function app(name: string, spec: object = {}, metadata: object = {}) {
  const own = { clientId: `id-of-${name}`, ...spec };
  return { apiVersion: API_VERSION, kind: 'ClientApplication', metadata: { name, ...metadata }, spec: own };
}

export function contract(name: string, client: string, of: string, spec: object = {}, metadata: object = {}) {
  const own = { clientApplication: client, api: of, tier: 'gold', status: 'approved', ...spec };
  return { apiVersion: API_VERSION, kind: 'Contract', metadata: { name, ...metadata }, spec: own };
}

export function document(kind: string, name: string, spec: object, metadata: object = {}) {
  return { apiVersion: API_VERSION, kind, metadata: { name, ...metadata }, spec };
}

const TIER = { name: 'gold', limits: [{ maximumRequests: 100, timePeriodInMilliseconds: 60_000 }] };
const ENFORCEMENT = { policyRef: { name: 'client-id-enforcement' }, config: { forwardCredentials: 'id' } };
