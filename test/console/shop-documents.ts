// What the stories of consumers begin with: a team that offers APIs, of which some do not mean well.

const API_VERSION = 'ostiary.dev/v1alpha1';

const PARCELS = {
  openapi: '3.1.0',
  info: {
    title: 'Parcels',
    version: '2.1.0',
    description: 'Where every parcel is. See [the guide](https://docs.example.com/parcels).',
  },
  servers: [{ url: 'https://elsewhere.example.com' }],
  paths: {
    '/parcels/{id}': {
      get: {
        operationId: 'getParcel',
        summary: 'Where a parcel is now',
        parameters: [{ name: 'id', in: 'path', required: true, schema: { type: 'string' } }],
        responses: {
          200: {
            description: 'It is known',
            content: { 'application/json': { schema: { $ref: '#/components/schemas/Parcel' } } },
          },
        },
      },
    },
    '/parcels/{id}/trackingEvents': {
      get: {
        summary: 'What has happened to it',
        parameters: [{ name: 'id', in: 'path', required: true, schema: { type: 'string' } }],
        responses: { 200: { description: 'The latest first' } },
      },
    },
  },
  components: {
    schemas: { Parcel: { type: 'object', properties: { id: { type: 'string' }, place: { type: 'string' } } } },
  },
};

/** It tries all that a specification can try. */
export const HOSTILE = {
  openapi: '3.0.3',
  info: {
    title: '<img src=x onerror="parent.postMessage(1,0)">\u202Eevil',
    version: '1</title><script>alert(1)</script>',
    description:
      '<script>fetch("/ostiary.v1.PeopleService/WhoAmI")</script><iframe src="/"></iframe>' +
      '<a href="javascript:alert(document.domain)">click</a> [md](javascript:alert(1)) ![p](https://evil.example.com/p.png)' +
      '<form action="https://evil.example.com/"><input name=x></form><style>*{display:none}</style>',
    termsOfService: 'javascript:alert(1)',
  },
  externalDocs: { url: 'javascript:alert(2)' },
  servers: [{ url: 'https://evil.example.com' }],
  paths: {
    '/x': {
      get: {
        summary: '"><svg onload=alert(1)>',
        operationId: 'x',
        responses: { 200: { $ref: 'https://evil.example.com/ref.json#/a' } },
      },
    },
  },
};

const TIERS = [
  {
    name: 'silver',
    limits: [
      { maximumRequests: 100, timePeriodInMilliseconds: 1000 },
      { maximumRequests: 10_000, calendar: 'day', timeZone: 'Europe/Berlin' },
    ],
  },
  { name: 'gold', limits: [{ maximumRequests: 1000, timePeriodInMilliseconds: 1000 }], approvers: 2 },
  { name: 'trial', limits: [{ maximumRequests: 500, timePeriodInMilliseconds: 3_600_000 }], autoApprove: true },
];

const POLICIES = [
  { policyRef: { name: 'client-id-enforcement' }, config: { forwardCredentials: 'id' } },
  { policyRef: { name: 'rate-limiting-sla' } },
];

export function resource(kind: string, name: string, spec: object, metadata: object = {}): object {
  return { apiVersion: API_VERSION, kind, metadata: { name, namespace: 'shop', ...metadata }, spec };
}

const PUBLISHED = { lifecycle: 'published', visibility: 'internal' };

export const ABOUT = `Where every parcel is, from the door of the shop to the door of its buyer.

## What it does

- tells **where a parcel is**, within a minute
- tells what has happened to it, with \`trackingEvents\`

| event     | means                |
| --------- | -------------------- |
| picked up | it has left the shop |
| delivered | somebody has it      |

See the [handbook](https://docs.example.com/parcels). <script>alert(1)</script>`;

export function shopDocuments(): readonly object[] {
  return [
    resource('Specification', 'parcels', { format: 'openapi', text: JSON.stringify(PARCELS) }),
    resource('Specification', 'hostile', { format: 'openapi', text: JSON.stringify(HOSTILE) }),
    resource(
      'Api',
      'parcels',
      {
        hosts: ['api.example.com'],
        basePath: '/parcels',
        publicUrl: 'https://api.example.com/parcels',
        tiers: TIERS,
        policies: POLICIES,
      },
      {
        ...PUBLISHED,
        displayName: 'Parcel tracking',
        description: ABOUT,
        specification: 'parcels',
        labels: { area: 'logistics', stage: 'live' },
        asset: 'parcels',
        version: 'v2',
        terms: { version: '2026-01', text: 'Ask **at most** what you need.' },
      },
    ),
    resource(
      'Api',
      'parcels-v1',
      { hosts: ['api.example.com'], basePath: '/v1/parcels', tiers: TIERS, policies: POLICIES },
      {
        ...PUBLISHED,
        lifecycle: 'deprecated',
        displayName: 'Parcel tracking',
        description: 'The first one. It goes at the end of the year.',
        labels: { area: 'logistics' },
        asset: 'parcels',
        version: 'v1',
      },
    ),
    resource(
      'Api',
      'orders',
      { hosts: ['api.example.com'], basePath: '/orders', tiers: TIERS, policies: POLICIES },
      {
        ...PUBLISHED,
        displayName: 'Orders',
        description: 'Takes orders of the shop, and tells what has become of each.',
        labels: { area: 'sales', stage: 'live' },
      },
    ),
    resource(
      'Api',
      'hostile',
      { hosts: ['hostile.example.com'], tiers: TIERS, policies: POLICIES },
      {
        ...PUBLISHED,
        displayName: '<b>Cheap</b>\u202E "parcels" ' + 'x'.repeat(120),
        description: '![p](https://evil.example.com/p.png) [x](javascript:alert(1)) <img src=x onerror=alert(1)>',
        specification: 'hostile',
      },
    ),
  ];
}
