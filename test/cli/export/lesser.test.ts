import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { api, app, contract, document, openServices, TOKEN } from '../../control/fixture.ts';
import type { ControlServices } from '../../control/fixture.ts';
import { scratchFolder } from '../../real/scratch.ts';
import { runMain } from '../run-main.ts';

let services: ControlServices;
let folder: string;
beforeEach(async () => {
  services = await openServices({ dataDir: scratchFolder('export'), databaseUrl: undefined });
  folder = join(scratchFolder('exported'), 'policies');
  const team = (name: string, ...members: object[]) =>
    document('Team', name, { namespaces: [name], members }, { namespace: 'platform' });
  const told = await services.apply([
    team('shop', { user: 'alice@example.com', role: 'admin' }),
    team('food', { user: 'bob@example.com', role: 'admin' }),
    api('orders', {}, { namespace: 'shop' }),
    api('menu', {}, { namespace: 'food' }),
    app('web', {}, { namespace: 'shop' }),
    app('bot', {}, { namespace: 'food' }),
    contract('mine', 'shop/web', 'menu', {}, { namespace: 'food' }),
    contract('theirs', 'bot', 'menu', {}, { namespace: 'food' }),
  ]);
  expect(told).not.toHaveProperty('faults');
});
afterEach(() => services.close());

const exportAs = (token: string) => runMain(['export', folder, '--server', services.url], { OSTIARY_TOKEN: token });
const fileOf = (file: string) =>
  existsSync(join(folder, file)) ? readFileSync(join(folder, file), 'utf8') : undefined;

test('who sees less than whoever has exported deletes nothing of what they do not see, and cuts no file short', async () => {
  expect((await exportAs(TOKEN)).code).toBe(0);
  const [menu, contracts] = [fileOf('food/apis/menu.yaml'), fileOf('food/contracts/menu.yaml')];
  expect(contracts).toContain('name: theirs');
  // What is there, and what has changed, and what is gone.
  await services.apply([
    api('orders', {}, { namespace: 'shop', displayName: 'Orders' }),
    app('web', {}, { namespace: 'shop', displayName: 'Web' }),
  ]);
  const lesser = await exportAs('user:alice@example.com');
  expect(lesser).toMatchObject({ code: 0 });
  expect(lesser.stderr).toMatch(/0 deleted, \d kept/);
  expect(lesser.stderr).toContain("kept as they were, since somebody has exported them who sees what you don't: ");
  expect(fileOf('shop/apps/web.yaml')).toContain('Web');
  expect([fileOf('food/apis/menu.yaml'), fileOf('food/contracts/menu.yaml')]).toEqual([menu, contracts]);
  // And not the second time either.
  await exportAs('user:alice@example.com');
  expect(fileOf('food/apis/menu.yaml')).toBe(menu);

  // Their own they delete, and whoever sees everything the rest.
  await services.ask('ResourceService/Delete', {
    resources: [{ resource: { kind: 'Contract', namespace: 'food', name: 'mine' } }],
  });
  await services.ask('ResourceService/Delete', {
    resources: [{ resource: { kind: 'ClientApplication', namespace: 'shop', name: 'web' } }],
  });
  expect((await exportAs('user:alice@example.com')).stderr).toMatch(/1 deleted, \d kept/);
  expect(fileOf('shop/apps/web.yaml')).toBeUndefined();
  expect((await exportAs(TOKEN)).stderr).not.toContain('kept');
  expect(fileOf('food/contracts/menu.yaml')).not.toContain('name: mine');
});
