// The documents and the past day of a company that sells furniture: what pictures of the console show.
import { createHash } from 'node:crypto';
import { stringify } from 'yaml';

const HEADER = { apiVersion: 'ostiary.dev/v1alpha1' };

/** By team, with their roles: `ostiary user create` makes them. */
export const TEAMS = {
  platform: { ada: 'admin' },
  shop: { olga: 'owner', sven: 'developer' },
  payments: { priya: 'owner' },
  logistics: { marek: 'owner' },
  apps: { dana: 'developer', ken: 'developer' },
} as const;

interface Described {
  readonly name: string;
  readonly namespace: string;
  readonly displayName: string;
  readonly description: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly version?: string;
  readonly lifecycle?: string;
  readonly paths: Readonly<Record<string, string>>;
}

const second = (most: number): object => ({ name: 'second', maximumRequests: most, timePeriodInMilliseconds: 1000 });
const day = (most: number): object => ({ name: 'day', maximumRequests: most, timePeriodInMilliseconds: 86_400_000 });
const TIERS = [
  { name: 'trial', autoApprove: true, limits: [second(2), day(500)] },
  { name: 'silver', limits: [second(20), day(50_000)] },
  { name: 'gold', limits: [second(100), day(500_000)] },
];

export const APIS: readonly Described[] = [
  {
    name: 'orders',
    namespace: 'shop',
    displayName: 'Orders',
    description: 'Places orders, changes them until they are packed, and tells what has become of them.',
    labels: { domain: 'sales', audience: 'partners' },
    version: 'v2',
    paths: { '/orders': 'Lists and places orders', '/orders/{id}': 'One order', '/orders/{id}/cancel': 'Cancels it' },
  },
  {
    name: 'catalog',
    namespace: 'shop',
    displayName: 'Product catalog',
    description: 'Every article that is sold, with pictures, measures and prices by country.',
    labels: { domain: 'sales', audience: 'everybody' },
    version: 'v1',
    paths: { '/articles': 'Finds articles', '/articles/{sku}': 'One article' },
  },
  {
    name: 'prices',
    namespace: 'shop',
    displayName: 'Prices',
    description: 'Prices and discounts of a basket, as the shop would charge them.',
    labels: { domain: 'sales' },
    version: 'v3',
    lifecycle: 'deprecated',
    paths: { '/quote': 'Prices a basket' },
  },
  {
    name: 'payments',
    namespace: 'payments',
    displayName: 'Payments',
    description: 'Takes payments by card, invoice and account, and gives money back.',
    labels: { domain: 'finance', audience: 'partners' },
    version: 'v3',
    paths: { '/payments': 'Begins a payment', '/payments/{id}': 'Its state', '/refunds': 'Gives money back' },
  },
  {
    name: 'invoices',
    namespace: 'payments',
    displayName: 'Invoices',
    description: 'Invoices as PDF and as data, for seven years.',
    labels: { domain: 'finance' },
    version: 'v1',
    paths: { '/invoices/{id}': 'One invoice' },
  },
  {
    name: 'stock',
    namespace: 'logistics',
    displayName: 'Stock',
    description: 'How many of an article lie in which warehouse, and when more come.',
    labels: { domain: 'supply', audience: 'partners' },
    version: 'v1',
    paths: { '/stock/{sku}': 'Of one article', '/warehouses': 'All warehouses' },
  },
  {
    name: 'shipments',
    namespace: 'logistics',
    displayName: 'Shipments',
    description: 'Where a parcel is, and when it will be there.',
    labels: { domain: 'supply', audience: 'everybody' },
    version: 'v2',
    paths: { '/shipments/{id}': 'One shipment', '/slots': 'Free delivery slots' },
  },
  {
    name: 'returns',
    namespace: 'logistics',
    displayName: 'Returns',
    description: 'Labels for parcels that come back. Not ready yet.',
    labels: { domain: 'supply' },
    version: 'v1',
    lifecycle: 'draft',
    paths: { '/returns': 'Announces a parcel' },
  },
];

export const APPLICATIONS = [
  { name: 'web-shop', namespace: 'apps', displayName: 'Web shop' },
  { name: 'mobile-app', namespace: 'apps', displayName: 'Mobile app' },
  { name: 'partner-portal', namespace: 'apps', displayName: 'Partner portal' },
  { name: 'warehouse-scanner', namespace: 'apps', displayName: 'Warehouse scanner' },
  { name: 'order-worker', namespace: 'shop', displayName: 'Order worker' },
] as const;

/** Who calls what: application, API, tier, state. */
const CONTRACTS: readonly (readonly [string, string, string, string])[] = [
  ['apps/web-shop', 'shop/orders', 'gold', 'approved'],
  ['apps/web-shop', 'shop/catalog', 'gold', 'approved'],
  ['apps/web-shop', 'shop/prices', 'silver', 'approved'],
  ['apps/web-shop', 'logistics/shipments', 'silver', 'approved'],
  ['apps/mobile-app', 'shop/orders', 'silver', 'approved'],
  ['apps/mobile-app', 'shop/catalog', 'gold', 'approved'],
  ['apps/mobile-app', 'payments/payments', 'silver', 'pending'],
  ['apps/partner-portal', 'shop/orders', 'trial', 'approved'],
  ['apps/partner-portal', 'logistics/stock', 'silver', 'pending'],
  ['apps/partner-portal', 'payments/invoices', 'silver', 'rejected'],
  ['apps/warehouse-scanner', 'logistics/stock', 'gold', 'approved'],
  ['apps/warehouse-scanner', 'shop/orders', 'silver', 'revoked'],
  ['shop/order-worker', 'payments/payments', 'gold', 'approved'],
  ['shop/order-worker', 'logistics/stock', 'silver', 'approved'],
];

/** Everything that is applied, in an order in which nothing refers to what comes later. */
export function documents(): readonly object[] {
  return [
    ...APIS.map(specificationOf),
    ...APIS.map(apiOf),
    ...APPLICATIONS.map(applicationOf),
    ...CONTRACTS.map(([application, api, tier, status]) => contractOf(application, api, tier, status)),
  ];
}

function apiOf(api: Described): object {
  const { description, displayName, labels, lifecycle = 'published', name, namespace, version = 'v1' } = api;
  const described = { description, displayName, version, ...(labels && { labels }) };
  return {
    ...HEADER,
    kind: 'Api',
    metadata: { ...described, name, namespace, lifecycle, visibility: 'internal', specification: name },
    spec: {
      hosts: [`${namespace}.example.com`],
      publicUrl: `https://${namespace}.example.com/${name}/${version}`,
      basePath: `/${name}/${version}`,
      tiers: TIERS,
      policies: [
        { policyRef: { name: 'client-id-enforcement' }, config: { forwardCredentials: 'id' } },
        { policyRef: { name: 'rate-limiting-sla' }, config: { exposeHeaders: true, forwardCredentials: 'id' } },
      ],
    },
  };
}

function specificationOf({ name, namespace, displayName, description, version = 'v1', paths }: Described): object {
  const answers = { 200: { description: 'What was asked for' }, 404: { description: 'There is none' } };
  const text = stringify({
    openapi: '3.1.0',
    info: { title: displayName, version, description },
    paths: Object.fromEntries(
      Object.entries(paths).map(([path, summary]) => [path, { get: { summary, responses: answers } }]),
    ),
  });
  return { ...HEADER, kind: 'Specification', metadata: { name, namespace }, spec: { format: 'openapi', text } };
}

function applicationOf({ name, namespace, displayName }: (typeof APPLICATIONS)[number]): object {
  const salt = createHash('sha256').update(name).digest('hex').slice(0, 32);
  const sha256 = createHash('sha256').update(`${salt}${name}`).digest('hex');
  const metadata = { name, namespace, displayName };
  return { ...HEADER, kind: 'ClientApplication', metadata, spec: { clientId: name, clientSecret: { salt, sha256 } } };
}

function contractOf(application: string, api: string, tier: string, status: string): object {
  const [namespace = '', name = ''] = api.split('/');
  const [of = '', client = ''] = application.split('/');
  return {
    ...HEADER,
    kind: 'Contract',
    metadata: { name: `${client}-${name}`, namespace },
    spec: { clientApplication: of === namespace ? client : application, api: name, tier, status },
  };
}

/** The contracts in force, for who plays their traffic. */
export function callers(): readonly { readonly client: string; readonly api: string; readonly tier: string }[] {
  return CONTRACTS.filter(([, , , status]) => status === 'approved').map(([client, api, tier]) => ({
    client,
    api,
    tier,
  }));
}
