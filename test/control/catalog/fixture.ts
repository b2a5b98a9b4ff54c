import { join } from 'node:path';
import { CatalogService } from '../../../gen/ostiary/v1/catalog_pb.js';
import { UsageService } from '../../../gen/ostiary/v1/usage_pb.js';
import { systemClock } from '../../../src/clock.ts';
import { catalogMethods } from '../../../src/control/catalog/service.ts';
import { usageMethods } from '../../../src/control/usage/service.ts';
import type { UsagePorts } from '../../../src/control/usage/service.ts';
import { scratchFolder } from '../../real/scratch.ts';
import { api, app, contract, document, openServices } from '../fixture.ts';
import type { ControlServices } from '../fixture.ts';

const SHOP = { namespace: 'shop', lifecycle: 'published', visibility: 'internal' };
export const TEXT = `openapi: 3.1.0
info: { title: Parcels, version: "2" }
paths:
  /trackingEvents: { get: { summary: "Wo ist das Päckchen?" } }
`;

/** Two teams: shop offers APIs, zoo calls them. */
export async function openCatalog(counting: Pick<UsagePorts, 'archive' | 'followers'>): Promise<ControlServices> {
  const services = await openServices(
    { dataDir: join(scratchFolder('catalog'), 'data'), databaseUrl: undefined },
    undefined,
    {
      services: [CatalogService, UsageService],
      methods: ({ access, index, registry }) => [
        ...catalogMethods({ access, index, registry, clock: systemClock }),
        ...usageMethods({
          access,
          index,
          registry,
          clock: systemClock,
          ...counting,
        }),
      ],
    },
  );
  const { faults = [] } = await services.apply([
    team(
      'shop',
      ['shop'],
      [
        { user: 'olga', role: 'owner' },
        { user: 'dev', role: 'developer' },
      ],
    ),
    team(
      'zoo',
      ['zoo'],
      [
        { user: 'zoe', role: 'developer' },
        { user: 'vic', role: 'viewer' },
      ],
    ),
    document('Specification', 'parcels', { format: 'openapi', text: TEXT }, { namespace: 'shop' }),
    document('Specification', 'secret-plans', { format: 'other', text: 'moonshot' }, { namespace: 'shop' }),
    api(
      'orders',
      { basePath: '/order-desk', tiers: TIERS },
      {
        ...SHOP,
        displayName: 'Order desk',
        description: 'Takes orders, and tells of parcels.',
        labels: { area: 'sales', stage: 'live' },
        asset: 'orders',
        version: 'v10',
        terms: { version: '2026-01', text: 'Be **kind**.' },
      },
    ),
    api(
      'orders-v9',
      { hosts: ['old.example.com'] },
      {
        ...SHOP,
        lifecycle: 'deprecated',
        asset: 'orders',
        version: 'v9',
        labels: { area: 'sales' },
      },
    ),
    api(
      'parcels',
      { publicUrl: 'https://parcels.example.com/' },
      {
        ...SHOP,
        specification: 'parcels',
        labels: { area: 'logistics' },
      },
    ),
    api('drafts', {}, { ...SHOP, lifecycle: 'draft', specification: 'secret-plans' }),
    app('mobile', {}, { namespace: 'zoo', displayName: 'The zoo’s app' }),
    app('kiosk', {}, { namespace: 'zoo' }),
    app('own', {}, { namespace: 'shop' }),
    contract('zoo-mobile-orders', 'zoo/mobile', 'orders', { tier: 'silver' }, { namespace: 'shop' }),
    contract('zoo-kiosk-orders', 'zoo/kiosk', 'orders', { tier: 'silver', status: 'pending' }, { namespace: 'shop' }),
    contract('own-parcels', 'own', 'parcels', {}, { namespace: 'shop' }),
  ]);
  if ((faults as readonly object[]).length > 0) throw new Error(JSON.stringify(faults));
  return services;
}

const TIERS = [
  {
    name: 'silver',
    limits: [
      { maximumRequests: 100, timePeriodInMilliseconds: 1000 },
      { maximumRequests: 10_000, calendar: 'day', timeZone: 'Europe/Berlin' },
    ],
  },
  { name: 'old', limits: 'unlimited', deprecated: true },
  { name: 'free', limits: [{ maximumRequests: 10, timePeriodInMilliseconds: 60_000 }], autoApprove: true },
];

function team(name: string, namespaces: readonly string[], members: readonly object[]) {
  return document('Team', name, { namespaces, members }, { namespace: 'platform' });
}
