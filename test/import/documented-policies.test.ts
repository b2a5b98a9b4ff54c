import { describe, expect, test } from 'vitest';
import { importing, inApi } from './run-import.ts';

/**
 * Every policy that the documentation of Flex/Omni Gateway shows for its local mode, with the parameters that it shows there and
 * values of our own.
 */
const IMPORTED: readonly (readonly [name: string, policy: string, config: object | undefined])[] = [
  [
    'rate-limiting-flex',
    `- policyRef: { name: rate-limiting-flex }
  config:
    rateLimits:
      - maximumRequests: 7
        timePeriodInMilliseconds: 9000
    keySelector: "#[attributes.method]"
    exposeHeaders: true
    clusterizable: false`,
    {
      rateLimits: [{ maximumRequests: 7, timePeriodInMilliseconds: 9000 }],
      keySelector: '#[attributes.method]',
      exposeHeaders: true,
      clusterizable: false,
    },
  ],
  [
    'spike-control-flex without a queue',
    `- policyRef: { name: spike-control-flex }
  config:
    queuingLimit: 0
    exposeHeaders: true
    delayTimeInMillis: 800
    timePeriodInMilliseconds: 1500
    delayAttempts: 2
    maximumRequests: 5000`,
    { exposeHeaders: true, timePeriodInMilliseconds: 1500, maximumRequests: 5000 },
  ],
  [
    'spike-control-flex with a queue has the defaults of Flex',
    `- policyRef: { name: spike-control-flex }
  config: { maximumRequests: 5, timePeriodInMilliseconds: 1000, queuingLimit: 3 }`,
    {
      maximumRequests: 5,
      timePeriodInMilliseconds: 1000,
      queuingLimit: 3,
      delayTimeInMillis: 1000,
      delayAttempts: 1,
    },
  ],
  [
    'http-basic-authentication-flex',
    `- policyRef: { name: http-basic-authentication-flex }
  config: { username: courier, password: van-17-blue }`,
    { username: 'courier', password: 'van-17-blue' },
  ],
  [
    'ldap-authentication-flex',
    `- policyRef: { name: ldap-authentication-flex }
  config:
    ldapServerURL: "ldaps://directory.example:636"
    ldapServerUserDn: "cn=reader,dc=parcels,dc=example"
    ldapServerUserPassword: "$LDAP_PASSWORD"
    ldapSearchBase: "ou=people,dc=parcels,dc=example"
    ldapSearchFilter: "(mail={0})"
    ldapSearchInSubtree: true`,
    {
      ldapServerURL: 'ldaps://directory.example:636',
      ldapServerUserDn: 'cn=reader,dc=parcels,dc=example',
      ldapServerUserPassword: '$LDAP_PASSWORD',
      ldapSearchBase: 'ou=people,dc=parcels,dc=example',
      ldapSearchFilter: '(mail={0})',
      ldapSearchInSubtree: true,
    },
  ],
  [
    'cors-flex with groups',
    `- policyRef: { name: cors-flex }
  config:
    publicResource: false
    supportCredentials: true
    originGroups:
      - origins: [https://shop.example]
        accessControlMaxAge: 45
        allowedMethods:
          - { isAllowed: true, methodName: POST }
          - { isAllowed: false, methodName: CONNECT }
          - { isAllowed: false, methodName: TRACE }
        headers: [x-parcel]
        exposedHeaders: [x-trace]`,
    {
      publicResource: false,
      supportCredentials: true,
      originGroups: [
        {
          origins: ['https://shop.example'],
          accessControlMaxAge: 45,
          allowedMethods: [
            { isAllowed: true, methodName: 'POST' },
            { isAllowed: false, methodName: 'CONNECT' },
            { isAllowed: false, methodName: 'TRACE' },
          ],
          headers: ['x-parcel'],
          exposedHeaders: ['x-trace'],
        },
      ],
    },
  ],
  [
    'cors-flex for any origin',
    `- policyRef: { name: cors-flex }\n  config: { publicResource: true }`,
    { publicResource: true },
  ],
  ['cors-flex without options', `- policyRef: { name: cors-flex }`, undefined],
  ...['ip-allowlist', 'ip-blocklist'].map(
    (kind) =>
      [
        `${kind}-flex`,
        `- policyRef: { name: ${kind}-flex }
  config:
    ips: ["10.2.3.4", "10.2.3.9/30", "10.7.8", "172.20"]
    ipExpression: "#[attributes.headers['x-forwarded-for']]"`,
        { ips: ['10.2.3.4', '10.2.3.9/30', '10.7.8', '172.20'] },
      ] as const,
  ),
  [
    'header-injection-flex',
    `- policyRef: { name: header-injection-flex }
  config:
    inboundHeaders:
      - { key: x-path, value: "#[attributes.requestPath]" }
      - { key: x-fleet, value: "#['north']" }
    outboundHeaders:
      - { key: x-served-for, value: "#[attributes.method]" }`,
    {
      inboundHeaders: [
        { key: 'x-path', value: '#[attributes.requestPath]' },
        { key: 'x-fleet', value: 'north' },
      ],
      outboundHeaders: [{ key: 'x-served-for', value: '#[attributes.method]' }],
    },
  ],
  [
    'header-removal-flex',
    `- policyRef: { name: header-removal-flex }
  config:
    inboundHeaders: ["X-Debug", "X-Trace.*"]
    outboundHeaders: ["X-Powered-By"]`,
    { inboundHeaders: ['X-Debug', 'X-Trace.*'], outboundHeaders: ['X-Powered-By'] },
  ],
  [
    'json-threat-protection-flex',
    `- policyRef: { name: json-threat-protection-flex }
  config:
    maxContainerDepth: 8
    maxObjectEntryCount: 900
    maxObjectEntryNameLength: 60
    maxArrayElementCount: 800
    maxStringValueLength: 200`,
    {
      maxContainerDepth: 8,
      maxObjectEntryCount: 900,
      maxObjectEntryNameLength: 60,
      maxArrayElementCount: 800,
      maxStringValueLength: 200,
    },
  ],
];

describe('is imported, and valid:', () => {
  test.each(IMPORTED)('%s', async (_, policy, config) => {
    const { code, stderr, validated, documents } = await importing(inApi(policy));
    expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' });
    const [api] = documents;
    expect(api?.spec.policies?.[0]?.config).toEqual(config);
    expect(validated).toMatchObject({ code: 0, stderr: '' });
  });
});
