import { Code } from '@connectrpc/connect';
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
import { marked } from './authorization-marks.ts';
import type { Written } from './authorization-marks.ts';
import { COLUMNS } from './authorization-matrix.ts';
import type { MatrixRow } from './authorization-matrix.ts';
import { api, app, document } from './fixture.ts';
import { ofEvents, ofPeople } from './authorization-of-people.ts';
import type { Asked } from './authorization-of-people.ts';

export const services: Readonly<Record<string, DescService>> = {
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
};

const OF_SHOP = { namespace: 'shop' };
const OF_RETURNS = { namespace: 'returns' };
const OF_PLATFORM = { namespace: 'platform' };
const PUBLISHED = { lifecycle: 'published', visibility: 'internal' };
const SECRET = { value: 'a secret of some length' };

function tokenName(team: string, role: string): string {
  return `${team}-${role === '' ? 'nobody' : role}`;
}

function teamOf(name: string, namespaces: readonly string[], more: readonly object[] = []) {
  const own = COLUMNS.flatMap((column) => {
    if (column === undefined || column.team !== name || column.role === '') return [];
    return [{ user: `token:${tokenName(name, column.role)}`, role: column.role }];
  });
  return document('Team', name, { namespaces, members: [...own, ...more] }, OF_PLATFORM);
}

const orders = api('orders', {}, { ...OF_SHOP, ...PUBLISHED, specification: 'orders-text' });
const binding = document(
  'PolicyBinding',
  'everybody',
  {
    targetRef: { kind: 'Selector', selector: {} },
    policyRef: { name: 'rate-limiting' },
    config: { rateLimits: [{ maximumRequests: 10_000, timePeriodInMilliseconds: 1000 }] },
  },
  OF_PLATFORM,
);
const contract = (name: string, client: string, of: string, metadata: object, status?: string) =>
  document(
    'Contract',
    name,
    { clientApplication: client, api: of, tier: 'gold', ...(status !== undefined && { status }) },
    metadata,
  );

/** All that there is. Each has a text of its own, which whoever may not see it never hears. */
export function documents(): readonly Written[] {
  const all: Written[] = [
    teamOf('platform', []),
    teamOf('shop', ['shop']),
    teamOf('returns', ['returns']),
    binding,
    document('Specification', 'orders-text', { format: 'openapi', text: 'openapi: 3.1.0' }, OF_SHOP),
    orders,
    api('drafts', {}, { ...OF_SHOP, lifecycle: 'draft', visibility: 'internal' }),
    app('mobile', { clientSecret: SECRET }, OF_SHOP),
    app('web', { clientSecret: SECRET }, OF_SHOP),
    document('Secret', 'keys', { data: { one: { value: 'a value of more than 24 bytes' } } }, OF_SHOP),
    document(
      'Webhook',
      'ops',
      { url: 'https://ops.example.com/', signingSecret: { value: '${secret:keys/one}' } },
      OF_SHOP,
    ),
    api('parcels', {}, { ...OF_RETURNS, ...PUBLISHED }),
    app('portal', { clientSecret: SECRET }, OF_RETURNS),
    app('portal-2', { clientSecret: SECRET }, OF_RETURNS),
    app('portal-3', { clientSecret: SECRET }, OF_RETURNS),
    contract('portal-pending', 'returns/portal', 'orders', OF_SHOP, 'pending'),
    contract('portal-active', 'returns/portal-2', 'orders', OF_SHOP, 'approved'),
    contract('portal-revoked', 'returns/portal-3', 'orders', OF_SHOP, 'revoked'),
    contract('web-parcels', 'shop/web', 'parcels', OF_RETURNS, 'approved'),
  ];
  return all.map(marked);
}

type Ask = (service: string, method: string, request: object) => Promise<unknown>;

/** Writes everything, and makes a token for each column. */
export async function setUp(ask: Ask): Promise<readonly (string | undefined)[]> {
  const applied = await ask('ResourceService', 'Apply', { documents: documents().map((each) => ({ document: each })) });
  const { faults } = applied as { readonly faults: readonly object[] };
  if (faults.length > 0) throw new Error(JSON.stringify(faults));
  const tokens: (string | undefined)[] = [];
  for (const column of COLUMNS) {
    if (column === undefined) tokens.push(undefined);
    else {
      const asked = { name: tokenName(column.team, column.role), team: column.team };
      tokens.push(((await ask('TokenService', 'CreateAccessToken', asked)) as { readonly token: string }).token);
    }
  }
  return tokens;
}

/** What is asked for a row. Nothing is changed. */
export function requestsOf({ service, method, what }: MatrixRow): Asked {
  switch (service) {
    case 'ResourceService':
      return ofResources(method, what);
    case 'ContractService':
      return ofContracts(method);
    case 'CredentialService': {
      const own = { namespace: 'shop', name: method === 'CreateApplication' ? 'new' : 'mobile', dryRun: true };
      const more: Readonly<Record<string, object>> = { EndSecret: { secret: 2 }, KillSecrets: { reason: 'lost' } };
      return { request: { ...own, ...more[method] } };
    }
    case 'CatalogService':
    case 'UsageService':
      return { request: what === '' ? {} : keyOf(what) };
    case 'SidecarService':
      return ofSidecars(method, what);
    case 'AuthoringService':
      return { request: method === 'GetSchema' ? { policy: 'cors' } : {} };
    case 'SnapshotService':
      return { request: {} };
    case 'AnalyticsService':
      return { request: method === 'Top' ? { by: 'api' } : {} };
    case 'EventService':
      return ofEvents(method);
    case 'PeopleService':
    case 'TokenService':
      return ofPeople(method);
    case 'SyncService':
      return { request: method === 'Join' ? { token: 'none', node: 'x' } : {} };
    default:
      return { request: {} };
  }
}

const KEYS: Readonly<Record<string, readonly [kind: string, namespace: string, name: string]>> = {
  'published-api': ['Api', 'shop', 'orders'],
  'draft-api': ['Api', 'shop', 'drafts'],
  application: ['ClientApplication', 'shop', 'mobile'],
  applicant: ['ClientApplication', 'shop', 'web'],
  contract: ['Contract', 'shop', 'portal-pending'],
  secret: ['Secret', 'shop', 'keys'],
  webhook: ['Webhook', 'shop', 'ops'],
  team: ['Team', 'platform', 'shop'],
  'platform-binding': ['PolicyBinding', 'platform', 'everybody'],
  specification: ['Specification', 'shop', 'orders-text'],
};

function keyOf(what: string) {
  const [kind = '', namespace = '', name = ''] = KEYS[what] ?? [];
  return { kind, namespace, name };
}

/** How much of its document an answer has. */
function sightIn(what: string): Asked['seen'] {
  if (what === 'platform-binding' || what === 'specification') return undefined;
  return (answer) => {
    const { document: shown } = (answer as { readonly resource: { readonly document: Shown } }).resource;
    const { clientSecret, data, policies, signingSecret } = shown.spec;
    if (shown.kind === 'Api') {
      return policies === undefined ? 'C' : 'W';
    }
    if (shown.kind === 'ClientApplication') return clientSecret?.['sha256'] === undefined ? 'R' : 'W';
    if (shown.kind === 'Secret') return data?.['one']?.['digest'] === undefined ? 'R' : 'W';
    if (shown.kind === 'Webhook') return signingSecret?.['value'] === undefined ? 'R' : 'W';
    return 'W';
  };
}

type Part = Readonly<Record<string, unknown>>;
interface Shown {
  readonly kind: string;
  readonly spec: {
    readonly clientSecret?: Part;
    readonly data?: Readonly<Record<string, Part>>;
    readonly policies?: readonly unknown[];
    readonly signingSecret?: Part;
  };
}

function ofResources(method: string, what: string): Asked {
  if (method === 'Get') return { request: keyOf(what), seen: sightIn(what) };
  if (method === 'Delete') return { request: { resources: [{ resource: keyOf(what) }], dryRun: true } };
  if (method !== 'Apply' && method !== 'Diff') return { request: {} };
  const written: Readonly<Record<string, object>> = {
    api: api('orders', { basePath: '/v2' }, { ...OF_SHOP, ...PUBLISHED }),
    application: app('new', { clientSecret: SECRET }, OF_SHOP),
    secret: document('Secret', 'more', { data: { one: { value: 'a value' } } }, OF_SHOP),
    'contract-request': contract('mobile-parcels', 'shop/mobile', 'parcels', OF_RETURNS),
    'team-members': marked(teamOf('shop', ['shop'], [{ group: 'more', role: 'viewer' }])),
    'team-namespaces': teamOf('shop', ['shop', 'more']),
    'platform-binding': { ...binding, metadata: { ...binding.metadata, displayName: 'changed' } },
    'api-to-another-team': api('moved', {}, { namespace: 'free', owner: 'elsewhere' }),
  };
  return { request: { documents: [{ document: written[what] }], ...(method === 'Apply' && { dryRun: true }) } };
}

function ofContracts(method: string): Asked {
  if (method === 'Request') {
    return {
      request: { namespace: 'returns', clientApplication: 'shop/mobile', api: 'parcels', tier: 'gold', dryRun: true },
    };
  }
  const name =
    { Revoke: 'portal-active', SetExpiry: 'portal-active', Restore: 'portal-revoked' }[method] ?? 'portal-pending';
  const request = { namespace: 'shop', name, dryRun: true };
  if (method !== 'ChangeTier') return { request };
  return { request: { ...request, tier: 'none' }, allowed: [Code.InvalidArgument, Code.FailedPrecondition] };
}

function ofSidecars(method: string, what: string): Asked {
  if (method === 'ForgetSidecar') return { request: { node: 'none' }, allowed: [Code.NotFound] };
  if (method !== 'AskSidecar') return { request: {} };
  const question =
    what === 'reset' ? { case: 'resetCounters', value: { api: 'orders' } } : { case: 'listApis', value: {} };
  return { request: { node: 'none', question }, allowed: [Code.NotFound, Code.Unavailable] };
}
