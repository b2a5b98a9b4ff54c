export const ORGANIZATION = 'f0c9b011-980e-4928-9430-e60e3a97c043';
const PRODUCTION = 'b0f02fea-b5e9-4bf1-aef8-a2d4027eca5d';
const SANDBOX = '1c9fec69-7f17-40c9-abcc-56a0bbed73d9';

export type Json = Record<string, unknown>;

/** What the platform has. Tests change it. */
export interface Content {
  environments: Json[];
  /** By the id of an environment. */
  assets: Record<string, Json[]>;
  details: Record<string, Json>;
  tiers: Record<string, Json[]>;
  contracts: Record<string, Json[]>;
  policies: Record<string, Json[]>;
  automated: Json[];
  applications: Json[];
  applicationDetails: Record<string, Json>;
}

const AUDIT = { created: { date: '2017-08-03T22:37:53.989Z' }, updated: {} };
const OF = { audit: AUDIT, masterOrganizationId: ORGANIZATION, organizationId: ORGANIZATION };
const GROUP = '68ef9520-24e9-4cf2-b2f5-620025690913';

export function policyOf(id: number, assetId: string, configurationData: object, more: object = {}): Json {
  return {
    ...OF,
    id,
    policyTemplateId: '1939',
    configurationData,
    order: id % 100,
    disabled: false,
    pointcutData: null,
    groupId: GROUP,
    assetId,
    assetVersion: '1.4.0',
    type: 'system',
    ...more,
  };
}

export function instanceOf(id: number, more: object = {}): Json {
  return {
    ...OF,
    id,
    instanceLabel: null,
    assetVersion: '1.0.0',
    productVersion: 'v1',
    description: '',
    tags: [],
    order: 1,
    deprecated: false,
    endpointUri: null,
    pinned: false,
    activeContractsCount: 0,
    ...more,
  };
}

export function contractOf(id: number, applicationId: number, status: string, more: object = {}): Json {
  const application = {
    audit: AUDIT,
    id: applicationId,
    name: `App ${applicationId}`,
    coreServicesId: `client-${applicationId}`,
    url: null,
  };
  return {
    ...OF,
    id,
    status,
    applicationId,
    application,
    tierId: 47,
    requestedTierId: null,
    requestedTier: null,
    terms: null,
    ...more,
  };
}

/** An organization with all that comes, and some that does not. */
export function content(): Content {
  const limits = [{ maximumRequests: 100, timePeriodInMilliseconds: 60_000, visible: true }];
  return {
    environments: [
      {
        id: PRODUCTION,
        organizationId: ORGANIZATION,
        name: 'Production',
        isProduction: true,
        type: 'production',
        clientId: 'x',
      },
      {
        id: SANDBOX,
        organizationId: ORGANIZATION,
        name: 'Sand Box',
        isProduction: false,
        type: 'sandbox',
        clientId: 'y',
      },
    ],
    assets: {
      [PRODUCTION]: [
        {
          ...OF,
          id: 16,
          name: 'orders-api',
          exchangeAssetName: 'Orders API',
          groupId: ORGANIZATION,
          assetId: 'orders-api',
          apis: [
            instanceOf(95, {
              tags: ['shop'],
              description: 'Orders',
              endpointUri: 'https://api.example.com/orders/v1/',
            }),
            instanceOf(96, { productVersion: 'v2', deprecated: true }),
          ],
          totalApis: 2,
        },
        {
          ...OF,
          id: 17,
          name: 'Bestände',
          exchangeAssetName: 'Bestände & Läger',
          groupId: null,
          assetId: null,
          apis: [instanceOf(97)],
          totalApis: 1,
        },
      ],
      [SANDBOX]: [{ ...OF, id: 16, name: 'orders-api', assetId: 'orders-api', apis: [instanceOf(195)], totalApis: 1 }],
    },
    details: {
      95: { ...OF, apiId: 95, endpoint: { uri: 'http://orders.internal', proxyUri: 'http://0.0.0.0:8081/orders' } },
      96: { ...OF, apiId: 96, endpoint: { uri: 'http://orders.internal', proxyUri: 'http://0.0.0.0:8081/orders/v2' } },
      97: { ...OF, apiId: 97, endpoint: { uri: null, proxyUri: 'https://stock.example.com/' } },
      195: { ...OF, apiId: 195, endpoint: { uri: null, proxyUri: 'http://0.0.0.0:8081/orders' } },
    },
    tiers: {
      95: [
        {
          ...OF,
          id: 47,
          name: 'Gold',
          description: null,
          limits,
          status: 'ACTIVE',
          autoApprove: false,
          applicationCount: 1,
          apiId: 95,
        },
        {
          ...OF,
          id: 48,
          name: 'gold',
          description: null,
          limits,
          status: 'DEPRECATED',
          autoApprove: true,
          applicationCount: 0,
          apiId: 95,
        },
      ],
    },
    contracts: {
      95: [
        contractOf(24, 1, 'APPROVED'),
        contractOf(25, 2, 'REVOKED'),
        contractOf(26, 3, 'PENDING', { tierId: null, requestedTierId: 47 }),
        contractOf(27, 4, 'PENDING', { tierId: null, requestedTierId: 48 }),
      ],
    },
    policies: {
      95: [
        policyOf(102, 'rate-limiting-sla-based', {
          clientIdExpression: "#[attributes.headers['client_id']]",
          clientSecretExpression: "#[attributes.headers['client_secret']]",
          exposeHeaders: true,
          clusterizable: true,
        }),
        policyOf(
          101,
          'http-basic-authentication',
          { username: 'courier', password: 'van-$17-${blue}' },
          { pointcutData: [{ methodRegex: 'POST', uriTemplateRegex: '/vans/.*' }] },
        ),
        policyOf(103, 'message-logging', { loggingConfiguration: [] }),
        policyOf(
          104,
          'ip-blocklist',
          { ips: ['192.0.2.1'], ipExpression: "#[attributes.headers['x-forwarded-for']]" },
          { disabled: true },
        ),
      ],
      97: [policyOf(201, 'acme-custom-policy', { key: 'value' })],
    },
    automated: [
      {
        ...policyOf(
          11,
          'rate-limiting',
          {
            rateLimits: [{ timePeriodInMilliseconds: 60_000, maximumRequests: 3000 }],
            clusterizable: true,
            exposeHeaders: true,
          },
          { order: null },
        ),
        ruleOfApplication: { organizationId: ORGANIZATION, environmentId: PRODUCTION, range: { from: '4.1.1' } },
      },
    ],
    applications: [1, 2, 3, 4].map((id) => ({
      masterOrganizationId: ORGANIZATION,
      id,
      name: `App ${id}`,
      description: id === 1 ? 'The first' : null,
      grantTypes: ['client_credentials'],
      redirectUri: [],
    })),
    applicationDetails: {
      1: { clientId: 'client-1', clientSecret: 'the-secret-of-one', owners: [] },
      // Of a client provider of their own: the secret is not told.
      2: { clientId: 'client-2', clientSecret: null, owners: [{ email: 'ann@example.com' }] },
      3: { clientId: 'client-3', owners: [{ email: 'ann@example.com' }, { username: 'team-b' }] },
    },
  };
}
