import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { systemClock as clock, systemTimers as timers } from '../../src/clock.ts';
import { CentralAlerts } from '../../src/control/central-alerts.ts';
import { checkingPorts } from '../../src/control/checking-ports.ts';
import { CurrentIndex } from '../../src/control/current-index.ts';
import { openedDocument, SecretVault } from '../../src/control/secret-vault.ts';
import type { OpenedRegistry } from '../../src/registry/open.ts';
import { scratchFolder } from '../real/scratch.ts';
import { ME, openAt } from '../registry/opened.ts';
import { api, app, document } from './fixture.ts';

const PATIENCE = { timeout: 15_000, interval: 50 };
const vault = new SecretVault([Buffer.alloc(32, 7)], (count) => Buffer.alloc(count, 1));
const KEY = `whsec_${Buffer.alloc(32, 5).toString('base64')}`;

let opened: OpenedRegistry;
let alerts: CentralAlerts;
const faults: string[] = [];
const checking = checkingPorts(clock, timers);

type Document = ReturnType<typeof document>;

beforeAll(async () => {
  opened = await openAt({ dataDir: join(scratchFolder('central-alerts'), 'data'), databaseUrl: undefined });
  const { registry } = opened;
  alerts = await CentralAlerts.open({
    ...checking.ports,
    registry,
    index: new CurrentIndex(registry),
    open: (resource) => openedDocument(resource, vault),
    clock,
    timers,
    onFault: (detail) => faults.push(detail),
  });
});
afterAll(async () => {
  await alerts.close();
  checking.close();
  await opened.close();
});

async function write(...documents: readonly Document[]): Promise<void> {
  await opened.registry.write(
    documents.map((written) => {
      const { kind, metadata } = written;
      return { key: { kind, namespace: 'default', name: metadata.name }, document: written, owner: 'api', set: '' };
    }),
    ME,
  );
}

const busy = (spec: object = {}) =>
  document('Alert', 'busy', { metric: 'requests', threshold: 5, window: '5m', notify: ['ops'], ...spec });
const ruleNames = () => alerts.alerting().rules.map(({ name, apis, threshold }) => ({ name, apis, threshold }));

test('the alerts of the log are compiled with what they refer to, and again with each change of it', async () => {
  expect(ruleNames()).toEqual([]);
  let told = 0;
  const stop = alerts.onChange(() => told++);
  const { sealed, digest } = vault.seal({ namespace: 'default', name: 'hooks', key: 'ops' }, KEY);
  await write(
    api('orders'),
    app('shop'),
    document('Secret', 'hooks', { data: { ops: { sealed, digest } } }),
    document('Webhook', 'ops', { url: 'https://hooks.example.com/a', signingSecret: { value: '${secret:hooks/ops}' } }),
    busy({ filter: { client: 'shop' } }),
  );
  await expect
    .poll(() => [faults, ruleNames()], { timeout: 3000 })
    .toEqual([[], [{ name: 'busy', apis: ['orders'], threshold: 5 }]]);
  expect(alerts.alerting().webhooks.get('ops')?.signingKey).toEqual(Buffer.alloc(32, 5));
  await write(api('stock'));
  await expect.poll(ruleNames, PATIENCE).toEqual([{ name: 'busy', apis: ['orders', 'stock'], threshold: 5 }]);
  expect(told).toBe(2);
  // Nothing of an alert.
  await write(app('other'));
  stop();

  await write(busy({ notify: ['nobody'], threshold: 7 }));
  await expect.poll(() => faults.join(), PATIENCE).toContain('there is no Webhook of this name');
  expect(ruleNames()).toMatchObject([{ threshold: 5 }]);
  await write(busy({ threshold: 9 }));
  await expect.poll(ruleNames, PATIENCE).toMatchObject([{ threshold: 9 }]);
  await opened.registry.write(
    [{ key: { kind: 'Alert', namespace: 'default', name: 'busy' }, document: undefined, owner: 'api', set: '' }],
    ME,
  );
  await expect.poll(ruleNames, PATIENCE).toEqual([]);
});
