import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runMain } from '../cli/run-main.ts';
import { document, writeFolder } from '../document/documents.ts';
import { startControlPlane } from '../real/control-plane.ts';
import type { RealControlPlane } from '../real/control-plane.ts';
import { scratchFolder } from '../real/scratch.ts';

let control: RealControlPlane;

beforeAll(async () => {
  control = await startControlPlane(join(scratchFolder('command-remedies'), 'data'));
});
afterAll(() => control?.stop());

const told = async (...argv: string[]) => (await runMain(argv, control.env)).stderr;

test('commands say what to do where a name leads nowhere', async () => {
  const policies = [{ policyRef: { name: 'client-id-enforcement' }, config: { forwardCredentials: 'id' } }];
  const api = document('Api', 'orders', { basePath: '/orders', policies });
  const client = document('ClientApplication', 'web', { clientId: 'web' });
  expect(await told('apply', '-f', writeFolder({ 'a.json': [api, client] }))).toBe('');
  // Whoever names no namespace hears how another is named, and whoever names one does not.
  const another = 'what is in another namespace is named with -n NAMESPACE';
  expect(await told('contract', 'approve', 'none')).toContain(another);
  expect(await told('get', 'api', 'none')).toContain(another);
  expect(await told('delete', 'api', 'none')).toContain(another);
  expect(await told('get', 'api', 'none', '-n', 'default')).not.toContain(another);
  expect(await told('get', 'api', 'none', '-n', 'shop')).not.toContain(another);
  const ask = ['contract', 'request', '--app'];
  expect(await told(...ask, 'web', '--api', 'none')).toContain('one of another namespace is --api NAMESPACE/NAME');
  expect(await told(...ask, 'none', '--api', 'orders')).toContain('one of another namespace is --app NAMESPACE/NAME');
  expect(await told(...ask, 'shop/none', '--api', 'orders')).not.toContain('of another namespace');
});

test('commands say what was meant', async () => {
  expect(await told('secret', 'sett', 'ldap')).toContain('what of secrets; did you mean "set"? ostiary secret set');
  expect(await told('secret', 'get', 'ldap')).toContain('nobody reads a value back: ostiary get secret ldap');
  expect(await told('token', 'crate')).toContain('what of tokens; did you mean "create"? ostiary token create');
  expect(await told('export', 'somewhere', '--owner', 'gti')).toContain('expected one of api, console, git');
});
