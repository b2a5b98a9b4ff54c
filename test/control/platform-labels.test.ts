import { expect, test } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { Checking } from '../../src/control/checking.ts';
import { factsOf, keyOf } from '../../src/control/facts.ts';
import type { Proposal } from '../../src/control/neighbourhood.ts';
import { leavingPlatform } from '../../src/control/platform-labels.ts';
import { ResourceIndex } from '../../src/control/resource-index.ts';
import { Rights } from '../../src/control/rights.ts';
import { policyKinds } from '../../src/policies/index.ts';
import type { ResourceKey } from '../../src/registry/log.ts';
import { policyEnvironment } from '../policies/environment.ts';
import { api, document } from './fixture.ts';

function keyFrom(of: object): ResourceKey {
  return keyOf(of) as ResourceKey;
}

const binding = (name: string, labels: object, namespace: string) => {
  const targetRef = { kind: 'Selector', selector: { labels } };
  return document('PolicyBinding', name, { targetRef, policyRef: { name: 'rate-limiting' } }, { namespace });
};
const orders = (labels?: object) => api('orders', {}, { namespace: 'shop', ...(labels !== undefined && { labels }) });

const index = new ResourceIndex();
for (const of of [
  orders({ exposure: 'public', team: 'shop' }),
  binding('strict', { exposure: 'public' }, 'platform'),
  binding('all', {}, 'platform'),
  binding('own', { team: 'shop' }, 'shop'),
]) {
  index.put({ ...keyFrom(of), revision: 1, createdRevision: 1, at: 0, owner: 'api', set: '', document: of });
}

function told(of: object, isDeletion = false): readonly string[] {
  const key = keyFrom(of);
  const proposal: Proposal = { key, facts: isDeletion ? undefined : factsOf(key, of, (text) => text) };
  return leavingPlatform([proposal], index).map(({ file, field, message }) => `${file}: ${field}: ${message}`);
}

test('an API does not lose the label by which a policy of the platform selects it, and its own as it likes', () => {
  const refused =
    'Api shop/orders: metadata.labels: a policy of the platform applies to this API by the label exposure=public: only an admin of the platform takes it out';
  expect(told(orders())).toEqual([refused]);
  expect(told(orders({ exposure: 'internal', team: 'shop' }))).toEqual([refused]);
  expect(told(orders({ exposure: 'public' }))).toEqual([]);
  expect(told(orders(), true)).toEqual([]);
  expect(told(api('other', {}, { namespace: 'shop' }))).toEqual([]);
});

test('an apply of anybody but an admin of the platform is refused so', async () => {
  const ports = { policyKinds, environment: policyEnvironment(), clock: systemClock, vault: undefined };
  const checking = new Checking({ ...ports, resources: async () => [] });
  const change = { key: keyFrom(orders()), before: undefined, document: orders() };
  const faultsBy = async (isBootstrap: boolean): Promise<readonly string[]> => {
    const identity = { name: 'somebody', credential: '', address: '', isBootstrap, groups: [] };
    const state = { index, history: '', revision: 1 };
    const { faults } = await checking.check([change], state, new Rights(identity, index));
    return faults.map(({ field }) => field);
  };
  expect(await faultsBy(false)).toEqual(['metadata.labels']);
  expect(await faultsBy(true)).not.toContain('metadata.labels');
});
