import { document } from '../document/documents.ts';
import type { SecretPlane } from './secret-plane.ts';

const api = (name: string, kind: string, config: object, namespace = 'default') => ({
  ...document('Api', name, { basePath: `/${name}`, policies: [{ policyRef: { name: kind }, config }] }),
  metadata: { name, namespace },
});

/** Options of policies in which a secret in plain text is refused: its message must not tell it. */
const PLAIN_OPTIONS: readonly (readonly [string, (secret: string) => object])[] = [
  ['http-basic-authentication', (password) => ({ username: 'ops', password })],
  ['jwt-validation', (textKey) => ({ signingMethod: 'hmac', textKey })],
  ['jwt-validation', (textKey) => ({ issuers: [{ issuer: 'https://a.example', signingMethod: 'hmac', textKey }] })],
  [
    'oauth2-token-introspection',
    (authorizationValue) => ({ introspectionURL: 'https://a.example', authorizationValue }),
  ],
  [
    'oauth2-token-introspection',
    (clientSecret) => ({
      introspectionURL: 'https://a.example',
      clientAuthentication: { method: 'client_secret_basic', clientId: 'me', clientSecret },
    }),
  ],
  [
    'ldap-authentication',
    (ldapServerUserPassword) => ({
      ldapServerURL: 'ldaps://a.example',
      ldapServerUserDn: 'cn=me',
      ldapServerUserPassword,
      ldapSearchBase: 'dc=a',
    }),
  ],
];

/** Puts a secret into every field of a document that takes one, and into some that take none. */
export async function putIntoDocuments({ apply, hooks, mark }: SecretPlane): Promise<void> {
  const webhook = document('Webhook', 'hook', {
    url: `${hooks.url}/told`,
    signingSecret: { value: mark('signing secret in plain text') },
  });
  const first = await apply([
    document('Secret', 'ldap', {
      data: { password: { value: mark('Secret') }, other: { value: mark('signing secret of a Webhook') } },
    }),
    api('secured', 'http-basic-authentication', { username: 'ops', password: '${secret:ldap/password}' }),
    document('ClientApplication', 'web', {
      clientId: 'web',
      clientSecret: { value: mark('ClientApplication clientSecret') },
      apiKeys: [{ id: 'one', value: mark('ClientApplication apiKeys') }],
    }),
    document('ClientApplication', 'two', {
      clientId: 'two',
      clientSecrets: [{ value: mark('ClientApplication clientSecrets') }],
    }),
    document('Webhook', 'of-secret', {
      url: `${hooks.url}/told`,
      signingSecret: { value: '${secret:ldap/other}' },
    }),
    document('Subscription', 'all', {
      events: ['*'],
      webhooks: ['of-secret'],
      mail: { addresses: ['ops@example.com'] },
    }),
  ]);
  if (first['faults'] !== undefined) throw new Error(JSON.stringify(first));
  await apply([webhook]);
  for (const [at, [kind, config]] of PLAIN_OPTIONS.entries()) {
    const refused = await apply([api(`plain-${at}`, kind, config(mark(`plain ${kind} ${at}`)))]);
    if (refused['faults'] === undefined) throw new Error(`${kind} takes a secret in plain text`);
  }
  // Faults that quote what is written, and a value of another type.
  await apply([document('ClientApplication', 'bad', { clientId: 'bad', clientSecret: mark('wrong type') })]);
  await apply([document('Secret', 'bad', { data: { 'no key!': { value: mark('wrong key') } } })]);
  await apply([document('Webhook', 'bad', { url: `https://user:${mark('in a URL')}@hooks.example.com` })]);
}
