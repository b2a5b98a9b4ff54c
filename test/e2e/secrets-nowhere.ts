import { createPublicKey } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { expect, vi } from 'vitest';
import { isHeadSigned, parseHead } from '../../src/audit/head.ts';
import { document, writeFolder } from '../document/documents.ts';
import { logInEverywhere } from './secret-logins.ts';
import { putIntoDocuments } from './secret-places.ts';
import type { SecretPlane } from './secret-plane.ts';

/**
 * Puts a secret into every place that takes one, and looks for each in everything that leaves the process.
 * @param stored everything in the database
 */
export async function tellsNoSecret(plane: SecretPlane, stored: () => Promise<string>): Promise<void> {
  const { ask, control, folder, hooks, keep, mark, markers, run, smtp, syslog, told } = plane;
  for (const file of ['audit-key.pem', 'snapshot-key.pem']) {
    const pem = readFileAt(join(folder, file));
    if (pem !== undefined) markers.know(file, pem.split('\n')[1]);
  }
  await putIntoDocuments(plane);
  await logInEverywhere(plane);
  const made = await ask('CredentialService/CreateApplication', { name: 'made' }, undefined, false);
  markers.know('a secret that was made', made['secret']);
  const rotated = await ask('CredentialService/RotateSecret', { name: 'made' }, undefined, false);
  markers.know('a secret that was rotated', rotated['secret']);

  // Everything that comes out.
  const files = writeFolder({
    'a.json': [document('Secret', 'ldap', { data: { password: { value: mark('in a diff') } } })],
  });
  await run('diff', '-f', files);
  for (const kind of ['secrets', 'apps', 'webhooks', 'apis', 'subscriptions']) {
    for (const output of ['table', 'yaml', 'json']) await run('get', kind, '-o', output);
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
  await ask('PeopleService/ListSessions', { user: 'local:bob' });
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
  await vi.waitFor(() => expect(smtp.logins.length).toBeGreaterThan(0), 10_000);
  keep('metrics', await (await fetch(`${control.adminUrl}/metrics`)).text());
  keep('OpenAPI', await (await fetch(`${control.url}/openapi.json`)).text());
  await control.stop();
  keep('the log', control.output());
  keep('webhooks', hooks.text());
  keep('syslog', syslog.text());
  keep('the database', await stored());

  // What is searched has what it should have.
  expect(markers.count).toBeGreaterThanOrEqual(45);
  expect(told.get('syslog')).toMatch(/ secret\.read /);
  expect(told.get('syslog')).toMatch(/ denied /);
  expect(told.get('an export of the audit trail')).toContain('"action":"sidecar.joined"');
  expect(told.get('an export of the audit trail')).toContain('"by":"provider"');
  expect(told.get('an export of the audit trail')).toContain('"as":"bob"');
  expect(told.get('webhooks')).toContain('webhook-signature');
  expect(told.get('the log')).toMatch(/the mail server does not take it/);
  expect(told.get('the database')).toContain('registry_change');
  expect(told.get('a backup')).toContain('audit_event');
  const leaked = [...told].flatMap(([what, text]) => markers.foundIn(text).map((place) => `${what}: ${place}`));
  expect(leaked).toEqual([]);
}

function readFileAt(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

export function contentsOf(root: string, wanted = /./): string {
  return readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((name) => wanted.test(name) && statSync(join(root, name)).isFile())
    .map((name) => readFileSync(join(root, name), 'latin1'))
    .join('\n');
}
