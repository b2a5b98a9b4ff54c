import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { systemClock, systemTimers } from '../../src/clock.ts';
import { Changing } from '../../src/control/changing.ts';
import { checkingPorts } from '../../src/control/checking-ports.ts';
import { CurrentIndex } from '../../src/control/current-index.ts';
import type { Registry } from '../../src/registry/registry.ts';
import { scratchFolder } from '../real/scratch.ts';
import { openAt } from '../registry/opened.ts';
import { api, app, document } from './fixture.ts';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

const DANA = { name: 'user:dana', credential: 'session:1', address: '', isBootstrap: false, groups: [] };
const MANY = 500;

/** Where dana is a developer, and how many keys were looked up. */
async function opened() {
  const { close, registry } = await openAt({
    dataDir: join(scratchFolder('hopeless'), 'data'),
    databaseUrl: undefined,
  });
  const checking = checkingPorts(systemClock, systemTimers);
  closing.push(() => checking.close(), close);
  const team = document('Team', 'kiosk', { namespaces: ['kiosk'], members: [{ user: 'dana', role: 'developer' }] });
  const key = { kind: 'Team', namespace: 'platform', name: 'kiosk' };
  await registry.write([{ key, document: team, owner: 'api', set: '' }], { actor: 'bootstrap', reason: '' });
  let asked = 0;
  const counting = Object.create(registry, {
    resources: {
      value: (keys: Parameters<Registry['resources']>[0]) => {
        asked += keys.length;
        return registry.resources(keys);
      },
    },
  }) as Registry;
  const changing = new Changing({
    ...checking.ports,
    vault: undefined,
    registry: counting,
    index: new CurrentIndex(registry),
  });
  const plan = (documents: readonly object[]) =>
    changing.plan({
      writes: documents.map((each) => ({ document: { ...each }, expectedRevision: undefined })),
      deletions: [],
      set: '',
      prune: false,
      owner: 'api',
      by: DANA,
    });
  return { plan, asked: () => asked };
}

const apis = Array.from({ length: MANY }, (_, at) => api(`api-${at}`, {}, { namespace: 'kiosk' }));
const REFUSED =
  'user:dana may not write Api kiosk/api-0: it takes one of the roles admin and owner in the team that it belongs to';

test('of thousands of documents whose kinds the caller may write nowhere, one is looked at', async () => {
  const { plan, asked } = await opened();
  await expect(plan([{ kind: 'Api', metadata: {} }, ...apis])).rejects.toThrow(REFUSED);
  expect(asked()).toBe(1);
});

test('where one of the kinds may be written, each document is asked for by itself', async () => {
  const { plan, asked } = await opened();
  await expect(plan([...apis, app('web', {}, { namespace: 'kiosk' })])).rejects.toThrow(REFUSED);
  expect(asked()).toBe(MANY + 1);
  const { changes } = await plan([app('web', {}, { namespace: 'kiosk' })]);
  expect(changes.map(({ effect }) => effect)).toEqual(['created']);
});
