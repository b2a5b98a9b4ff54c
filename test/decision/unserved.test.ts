import { describe, expect, it } from 'vitest';
import { decide } from '../../src/decision/pipeline.ts';
import type { Snapshot } from '../../src/snapshot/snapshot.ts';
import { apiOf, checkOf, portsOf, snapshotOf } from '../policy/fixtures.ts';

async function denied(snapshot: Snapshot, path: string, ports = portsOf({ unmatched: 'allow' })) {
  const { api, denial } = await decide(snapshot, checkOf({ path }), ports, Infinity);
  return [api, denial?.reason, denial?.detail];
}

describe('requests of an API that is not served', () => {
  const snapshot = snapshotOf([
    apiOf({ name: 'root', basePath: '/' }),
    apiOf({ name: 'admin', basePath: '/admin', withheld: 'a.yaml:1:1: is wrong' }),
    apiOf({ name: 'orders', basePath: '/orders', maxStaleMs: 15_000 }),
  ]);

  it('are denied where its documents have faults, with what the fault is for operators', async () => {
    expect(await denied(snapshot, '/admin/x')).toEqual(['admin', 'documents_faulty', 'a.yaml:1:1: is wrong']);
    expect(await denied(snapshot, '/else')).toEqual(['root', undefined, undefined]);
  });

  it('are all denied where nobody can tell whose they are, whether an API has them or not', async () => {
    const all = {
      ...snapshotOf([apiOf({ name: 'orders', basePath: '/orders', withheld: 'why' })]),
      withheld: 'a.yaml',
    };
    expect(await denied(all, '/orders')).toEqual(['orders', 'documents_faulty', 'why']);
    expect(await denied(all, '/else')).toEqual(['', 'documents_faulty', 'a.yaml']);
  });

  it('are denied once no control plane was heard for as long as it says', async () => {
    let silentMs = 15_000;
    const ports = portsOf({ silentMs: () => silentMs });
    expect(await denied(snapshot, '/orders', ports)).toEqual(['orders', undefined, undefined]);
    silentMs += 1;
    expect((await denied(snapshot, '/orders', ports))[1]).toBe('documents_stale');
    expect((await denied(snapshot, '/else', ports))[1]).toBe(undefined);
    // Documents of a folder are as old as they are.
    expect((await denied(snapshot, '/orders'))[1]).toBe(undefined);
  });
});
