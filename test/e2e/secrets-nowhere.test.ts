import { createPublicKey, randomBytes } from 'node:crypto';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { isHeadSigned, parseHead } from '../../src/audit/head.ts';
import { runMain } from '../cli/run-main.ts';
import { document, writeFolder } from '../document/documents.ts';
import { startControlPlane } from '../real/control-plane.ts';
import type { RealControlPlane } from '../real/control-plane.ts';
import { scratchFolder } from '../real/scratch.ts';
import { Markers, openSyslogReceiver, openWebhookReceiver } from './markers.ts';

type Json = Readonly<Record<string, unknown>>;

const markers = new Markers();
const mark = (place: string): string => markers.mark(place);
const folder = scratchFolder('secrets-nowhere');
const dataDir = join(folder, 'data');
/** All that has left the process, by what it is. */
const told = new Map<string, string>();
let control: RealControlPlane;
let hooks: Awaited<ReturnType<typeof openWebhookReceiver>>;
let syslog: Awaited<ReturnType<typeof openSyslogReceiver>>;

/** An answer that tells no secret is kept as told. */
async function ask(method: string, request: object, token?: string, isTold = true): Promise<Json> {
  const authorization = `Bearer ${token ?? control.env.OSTIARY_TOKEN}`;
  const answer = await fetch(`${control.url}/ostiary.v1.${method}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization },
    body: JSON.stringify(request),
  });
  const text = await answer.text();
  if (isTold) keep(`answer of ${method}`, text);
  return JSON.parse(text) as Json;
}
const keep = (what: string, text: string): void => void told.set(what, (told.get(what) ?? '') + text);
const run = async (...argv: string[]): Promise<string> => {
  const { stdout, stderr } = await runMain(argv, control.env);
  keep(`ostiary ${argv.slice(0, 2).join(' ')}`, stdout + stderr);
  return stdout;
};
const apply = (documents: readonly object[], more: object = {}) =>
  ask('ResourceService/Apply', { documents: documents.map((each) => ({ document: each })), ...more });

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

beforeAll(async () => {
  [hooks, syslog] = await Promise.all([openWebhookReceiver(), openSyslogReceiver()]);
  const secretsKey = randomBytes(32).toString('base64');
  markers.know('--secrets-key-file', secretsKey);
  const keyFile = join(folder, 'secrets.key');
  writeFileSync(keyFile, `${secretsKey}\n`, { mode: 0o600 });
  const passwordFile = join(folder, 'smtp-password');
  writeFileSync(passwordFile, mark('--smtp-password-file'), { mode: 0o600 });
  control = await startControlPlane(dataDir, undefined, {
    args: [
      '--secrets-key-file',
      keyFile,
      '--audit-syslog',
      syslog.url,
      '--audit-heads',
      `${hooks.url}/heads`,
      '--smtp-url',
      'smtp://me@127.0.0.1:9',
      '--smtp-password-file',
      passwordFile,
      '--mail-from',
      'o@example.com',
      '--log-level',
      'debug',
    ],
  });
  markers.know('the bootstrap token', control.env.OSTIARY_TOKEN);
  for (const file of ['audit-key.pem', 'snapshot-key.pem']) {
    const pem = await readFileAt(join(dataDir, file));
    if (pem !== undefined) markers.know(file, pem.split('\n')[1]);
  }
}, 60_000);
afterAll(async () => {
  await control?.stop();
  hooks?.close();
  syslog?.close();
});

async function readFileAt(file: string): Promise<string | undefined> {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

test('no secret leaves a control plane, wherever one is put', async () => {
  // Everything that is a secret, in every place that takes one.
  const webhook = document('Webhook', 'hook', { url: `${hooks.url}/told`, signingSecret: { value: mark('Webhook') } });
  const first = await apply([
    document('Secret', 'ldap', {
      data: { password: { value: mark('Secret') }, other: { value: mark('Secret other') } },
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
    document('Subscription', 'all', { events: ['*'], webhooks: ['of-secret'] }),
  ]);
  expect(first, JSON.stringify(first)).not.toHaveProperty('faults');
  await apply([webhook]);
  for (const [at, [kind, config]] of PLAIN_OPTIONS.entries()) {
    const refused = await apply([api(`plain-${at}`, kind, config(mark(`plain ${kind} ${at}`)))]);
    expect(refused['faults'], kind).toBeDefined();
  }
  // Faults that quote what is written, and a value of another type.
  await apply([document('ClientApplication', 'bad', { clientId: 'bad', clientSecret: mark('wrong type') })]);
  await apply([document('Secret', 'bad', { data: { 'no key!': { value: mark('wrong key') } } })]);
  await apply([document('Webhook', 'bad', { url: `https://user:${mark('in a URL')}@hooks.example.com` })]);

  // People, and what lets them in.
  const password = mark('password of a local user');
  await ask('PeopleService/CreateUser', { name: 'bob', password });
  const login = await ask('PeopleService/LogIn', { name: 'bob', password }, '', false);
  markers.know('token of a session', login['token']);
  await ask('PeopleService/LogIn', { name: 'bob', password: mark('wrong password') }, '');
  await ask('PeopleService/WhoAmI', {}, login['token'] as string);
  await ask('ResourceService/Get', { kind: 'Secret', name: 'ldap' }, login['token'] as string);
  await ask('ResourceService/List', {}, mark('a wrong token'));
  const access = await ask('TokenService/CreateAccessToken', { name: 'ci' }, login['token'] as string, false);
  markers.know('an access token', access['token']);
  await ask('ResourceService/List', {}, access['token'] as string);
  const joining = await ask(
    'SidecarService/CreateSidecarToken',
    { name: 'edge', scope: { namespaces: ['other'] } },
    undefined,
    false,
  );
  markers.know('a join token', joining['token']);
  const joined = await ask('SyncService/Join', { node: 'edge-1', version: '1' }, joining['token'] as string, false);
  markers.know('credential of a sidecar', joined['credential']);
  const made = await ask('CredentialService/CreateApplication', { name: 'made' }, undefined, false);
  markers.know('a secret that was made', made['secret']);
  const rotated = await ask('CredentialService/RotateSecret', { name: 'made' }, undefined, false);
  markers.know('a secret that was rotated', rotated['secret']);

  // Everything that comes out.
  const files = writeFolder({
    'a.json': [document('Secret', 'ldap', { data: { password: { value: mark('in a diff') } } })],
  });
  await run('diff', '-f', files);
  for (const kind of ['secrets', 'apps', 'webhooks', 'apis']) {
    for (const output of ['table', 'wide', 'yaml', 'json']) await run('get', kind, '-o', output);
  }
  await run('describe', 'app', 'web');
  await run('export', join(folder, 'files'));
  await run('audit');
  await run('audit', '-o', 'json');
  await run('audit', 'export', join(folder, 'trail.ndjson'));
  await run('audit', 'verify', join(folder, 'trail.ndjson'));
  await run('audit', 'verify');
  await run('control', 'backup', join(folder, 'backup.gz'));
  await run('events');
  await run('events', 'deliveries');
  await run('user', 'list');
  await run('token', 'list');
  keep('files of an export', contentsOf(join(folder, 'files')));
  keep('an export of the audit trail', readFileSync(join(folder, 'trail.ndjson'), 'utf8'));
  keep('a backup', gunzipSync(readFileSync(join(folder, 'backup.gz'))).toString('latin1'));
  // What a sidecar of another namespace would be sent.
  const snapshot = await ask('SnapshotService/ExportSnapshot', { scope: { namespaces: ['other'] } }, undefined, false);
  keep('a snapshot', gunzipSync(Buffer.from(String(snapshot['fileGzip']), 'base64')).toString('latin1'));
  const { head, publicKey } = (await ask('AuditService/GetHead', {})) as { head: string; publicKey: string };
  expect(isHeadSigned(parseHead(head), createPublicKey(publicKey))).toBe(true);
  await vi.waitFor(() => expect(hooks.text()).toContain('ostiary audit head'), 10_000);
  await vi.waitFor(() => expect(hooks.text()).toContain('secret.rotated'), 10_000);
  await vi.waitFor(() => expect(syslog.text()).toContain('"action":"audit.read"'), 10_000);
  keep('metrics', await (await fetch(`${control.adminUrl}/metrics`)).text());
  keep('OpenAPI', await (await fetch(`${control.url}/openapi.json`)).text());
  await control.stop();
  keep('the log', control.output());
  keep('webhooks', hooks.text());
  keep('syslog', syslog.text());
  keep('the database', contentsOf(dataDir, /control\.db/));

  // What is searched has what it should have.
  expect(markers.count).toBeGreaterThanOrEqual(25);
  expect(told.get('syslog')).toMatch(/ secret\.read /);
  expect(told.get('syslog')).toMatch(/ denied /);
  expect(told.get('an export of the audit trail')).toContain('"action":"sidecar.joined"');
  expect(told.get('the database')).toContain('registry_change');
  expect(told.get('a backup')).toContain('audit_event');
  const leaked = [...told].flatMap(([what, text]) => markers.foundIn(text).map((place) => `${what}: ${place}`));
  expect(leaked).toEqual([]);
}, 120_000);

function contentsOf(root: string, wanted = /./): string {
  return readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((name) => wanted.test(name) && statSync(join(root, name)).isFile())
    .map((name) => readFileSync(join(root, name), 'latin1'))
    .join('\n');
}
