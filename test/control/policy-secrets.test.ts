import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { fileDocument } from '../../src/control/file-documents.ts';
import { admit } from '../../src/control/incoming.ts';
import { policyKinds } from '../../src/policies/index.ts';
import { document } from '../document/documents.ts';

/** Options that take any text, and where the text may be a secret. */
const SECRET = [
  'authorizationValue',
  'clientAuthentication.clientSecret',
  'inboundHeaders[].value',
  'issuers[].textKey',
  'ldapServerUserPassword',
  'password',
  'textKey',
];

/** The names of options that take any text and where no secret belongs: a new one is thought about, and put here or above. */
const NO_SECRET = new Set(
  `allow allowedMethods[] attribute audience audience[] authoritiesFile cel certificateFile claim clientId clientIdExpression
  clientIdExpression[] clientName clientSecretExpression clientSecretFile cookie cost deny description discovery exposedHeaders[]
  exposedProperties[] files[] forwarders[] header headers[] inboundHeaders[] introspectionURL ipExpression ips[] issuer issuer[]
  jwksUrl jwksUrl[] jwtExpression key keyFile keyId keySelector keySelector[] ldapSearchBase ldapSearchFilter ldapServerURL
  ldapServerUserDn ldapServerUserPasswordFile metadataUrl methodName name nameAttribute origins[] outboundHeaders[] passwordHash
  path privateKeyFile query re2 realm requiredGroups[] requiredScopes[] scheme scopes scopes[] searchBase searchFilter
  spiffeTrustDomain supportedAudiences supportedAudiences[] tenantClaim tenants[] tier timeZone tokenUrl user username
  by limits`.split(/\s+/),
);
/** Claims of tokens and headers for callers, which are told to them. */
const NO_SECRET_PATHS = new Set([
  'mandatoryCustomClaims[].value',
  'mandatoryCustomClaims[].value[]',
  'nonMandatoryCustomClaims[].value',
  'nonMandatoryCustomClaims[].value[]',
  'outboundHeaders[].value',
]);

interface Node {
  readonly type?: string | readonly string[];
  readonly enum?: unknown;
  readonly const?: unknown;
  readonly anyOf?: readonly Node[];
  readonly oneOf?: readonly Node[];
  readonly allOf?: readonly Node[];
  readonly properties?: Readonly<Record<string, Node>>;
  readonly items?: Node;
  readonly additionalProperties?: Node | boolean;
}

/** The paths of all options, at any depth, that take any text. */
function textOptions(node: Node, path = ''): readonly string[] {
  const { anyOf = [], oneOf = [], allOf = [], properties = {}, items, additionalProperties: more } = node;
  return [
    ...[...anyOf, ...oneOf, ...allOf].flatMap((each) => textOptions(each, path)),
    ...Object.entries(properties).flatMap(([key, each]) => textOptions(each, path === '' ? key : `${path}.${key}`)),
    ...(items === undefined ? [] : textOptions(items, `${path}[]`)),
    ...(typeof more === 'object' ? textOptions(more, `${path}.*`) : []),
    ...([node.type].flat().includes('string') && node.enum === undefined && node.const === undefined ? [path] : []),
  ];
}

const kinds = [...new Set(policyKinds.values())].map((kind) => {
  const schema = z.toJSONSchema(kind.options, { io: 'input', unrepresentable: 'any', reused: 'inline' });
  return { name: kind.name, options: [...new Set(textOptions(schema as Node))] };
});

const PLAIN = 'a-secret-of-more-than-thirty-two-characters';

/** Options with a value at a path such as `issuers[].textKey`. */
function configWith(path: string, value: string): unknown {
  const [, key = '', list, rest] = /^([^.[]+)(\[\])?\.?(.*)$/.exec(path) ?? [];
  const inner = rest === '' || rest === undefined ? value : configWith(rest, value);
  // A header by which one shows who one is.
  const entry = key === 'inboundHeaders' ? { key: 'Authorization', ...(inner as object) } : inner;
  return { [key]: list === undefined ? inner : [entry] };
}

const withPolicy = (kind: string, config: unknown) =>
  document('Api', 'orders', { policies: [{ authentication: { anyOf: [{ policyRef: { name: kind }, config }] } }] });
const admitted = (kind: string, config: unknown) =>
  admit(withPolicy(kind, config), undefined, { policyKinds, vault: undefined });

describe('secrets in options of policies', () => {
  test('each option that takes a text is known to hold a secret or not', () => {
    const unknown = kinds.flatMap(({ name, options }) =>
      options
        .filter((path) => !SECRET.includes(path) && !NO_SECRET_PATHS.has(path))
        .filter((path) => !NO_SECRET.has(path.split('.').at(-1) ?? ''))
        .map((path) => `${name}: ${path}`),
    );
    expect(unknown).toEqual([]);
    expect(kinds.flatMap(({ options }) => options)).toEqual(expect.arrayContaining(SECRET));
  });

  const cases = kinds.flatMap(({ name, options }) =>
    options.filter((path) => SECRET.includes(path)).map((path) => [name, path] as const),
  );
  test.each(cases)('%s: %s is not kept in plain text, neither of Apply nor of a file', (kind, path) => {
    for (const name of [kind, `${kind}-flex`]) {
      const { issues } = admitted(name, configWith(path, PLAIN));
      expect(issues.map((issue) => issue.message)).toEqual([expect.stringMatching(/kept in plain text in the log/)]);
      expect(issues[0]?.path.join('.')).toContain(path.replaceAll('[]', '.0'));
      const ofFile = JSON.stringify(fileDocument(withPolicy(name, configWith(path, PLAIN)), undefined, policyKinds));
      expect(ofFile).not.toContain(PLAIN);
      // What is written beside a variable stays in the file too.
      const half = fileDocument(withPolicy(name, configWith(path, `${PLAIN}\${X}`)), undefined, policyKinds);
      expect(JSON.stringify(half)).not.toContain(PLAIN);
    }
    for (const reference of ['$NAME', '${secret:keys/hmac}']) {
      expect(admitted(kind, configWith(path, reference)).issues).toEqual([]);
      const ofFile = fileDocument(withPolicy(kind, configWith(path, reference)), undefined, policyKinds);
      // What has other options beside the secret stays in the file as a whole.
      if (!path.includes('.') || path.includes('[]'))
        expect(JSON.stringify(ofFile)).toContain(JSON.stringify(reference));
    }
  });

  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const jwk = publicKey.export({ format: 'jwk' });
  const oct = { kty: 'oct', k: Buffer.from(PLAIN).toString('base64url') };
  test.each<[string, string]>([
    ['PEM', publicKey.export({ type: 'spki', format: 'pem' }).toString()],
    ['base64', publicKey.export({ type: 'spki', format: 'der' }).toString('base64')],
    ['a JWK', JSON.stringify(jwk)],
    ['a JWK set', JSON.stringify({ keys: [jwk] })],
  ])('a public key in %s is kept', (_form, textKey) => {
    for (const config of [{ textKey }, { issuers: [{ textKey }] }]) {
      const written = withPolicy('jwt-validation', config);
      expect(admit(written, undefined, { policyKinds, vault: undefined })).toMatchObject({
        document: written,
        issues: [],
      });
      expect(fileDocument(written, undefined, policyKinds)).toEqual(written);
    }
  });
  test.each<[string, string]>([
    ['a shared JWK', JSON.stringify(oct)],
    ['a JWK set with a shared key among others', JSON.stringify({ keys: [jwk, oct] })],
    ['a private JWK', JSON.stringify(privateKey.export({ format: 'jwk' }))],
    ['a private key in PEM', privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()],
    ['JSON that is no key', JSON.stringify({ secret: PLAIN })],
    ['the beginning of JSON', `{${PLAIN}`],
    ['base64 that is no key', Buffer.from(PLAIN).toString('base64')],
  ])('%s is not', (_form, textKey) => {
    expect(admitted('jwt-validation', { textKey }).issues).toHaveLength(1);
    expect(admitted('jwt-validation', { issuers: [{ textKey }] }).issues).toHaveLength(1);
  });

  test.each<[string, boolean]>([
    [`${PLAIN}\${X}`, false],
    [`\${X}${PLAIN}`, false],
    [`$${PLAIN}`, false],
    ['$NAME', true],
    ['${NAME}', true],
    ['${secret:a/b}${NAME}', true],
    ['Basic ${secret:a/b}', true],
  ])('%s is read from elsewhere as a whole: %s', (value, isKept) => {
    const ports = { policyKinds, vault: undefined };
    const app = document('ClientApplication', 'web', { clientId: 'web', clientSecret: { value } });
    const webhook = document('Webhook', 'w', { url: 'https://hooks.example.com', signingSecret: { value } });
    for (const written of [app, webhook, withPolicy('oauth2-token-introspection', { authorizationValue: value })])
      expect(admit(written, undefined, ports).issues).toHaveLength(isKept ? 0 : 1);
  });

  test('a header for the upstream that is no credential is kept', () => {
    const inboundHeaders = [
      { key: 'x-source', value: 'gateway' },
      { key: 'authorization', value: "#['Bearer ' ++ attributes.headers['x-token']]" },
      { key: 'x-api-key', value: { cel: 'request.path' } },
    ];
    expect(admitted('header-injection', { inboundHeaders }).issues).toEqual([]);
  });

  test('the URL of a webhook of Slack is a secret', () => {
    const of = (url: unknown, format: string) =>
      admit(document('Webhook', 'ops', { url, format }), undefined, { policyKinds, vault: undefined }).issues;
    expect(of('https://hooks.slack.com/services/T0/B0/S3CRET', 'slack')).toHaveLength(1);
    expect(of('${secret:slack/url}', 'slack')).toEqual([]);
    expect(of('https://alerts.example.com', 'json')).toEqual([]);
  });
});
