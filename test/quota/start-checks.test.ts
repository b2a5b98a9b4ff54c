import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import type { CounterStore } from '../../src/quota/store.ts';
import type { RedisOptions } from '../../src/redis/counter-options.ts';
import type { Finding } from '../../src/redis/server-info.ts';
import { createCounterStore } from '../../src/serve/counter-store.ts';
import { startRedisCluster } from '../mesh/redis-cluster.ts';
import type { RealCluster } from '../mesh/redis-cluster.ts';
import type { RealRedis } from '../real/redis.ts';
import { freshDemand, untilAvailable } from './behaviour.ts';

// What is checked at one server is in servers.test.ts, and for each kind of server in versions.slow.test.ts.

let cluster: RealCluster;
const stores: CounterStore[] = [];
beforeAll(async () => {
  cluster = await startRedisCluster();
});
afterEach(async () => {
  await Promise.all(stores.splice(0).map((store) => store.close()));
});
afterAll(() => cluster.stop());

async function findingsOf(more: Partial<RedisOptions>): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  const redis = { urls: cluster.urls.split(','), cluster: true, ...more };
  const report = (finding: Finding): void => void findings.push(finding);
  stores.push(
    await untilAvailable(createCounterStore({ storeTimeoutMs: 1000, redis }, { clock: systemClock, report })),
  );
  return findings;
}

async function everywhere(...command: string[]): Promise<void> {
  for (const node of cluster.nodes) await node.cli(...command);
}

const last = (): RealRedis => cluster.nodes.at(-1) as RealRedis;

describe('the start checks of a Cluster', () => {
  it('say nothing where every node is as it should be', async () => {
    const findings = await findingsOf({});
    await (stores[0] as CounterStore).take([freshDemand([[1, 1000]])], performance.now() + 1000);
    await expect.poll(() => scriptsRunAt(last()), { timeout: 5000 }).toBe(true);
    expect(findings).toEqual([]);
  });

  it('name the one node that evicts counters', async () => {
    await last().cli('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lru');
    const findings = await findingsOf({});
    await expect.poll(() => findings.map(({ message }) => message), { timeout: 5000 }).toHaveLength(1);
    expect(findings[0]).toMatchObject({ level: 'warn' });
    expect(findings[0]?.message).toMatch(new RegExp(`^at 127\\.0\\.0\\.1:${last().port}: Redis \\d.*Set noeviction$`));
    await last().cli('CONFIG', 'SET', 'maxmemory-policy', 'noeviction');
  });

  it('name the one node where the user lacks a right', async () => {
    await everywhere('ACL', 'SETUSER', 'half', 'on', '>p', '~*', '&*', '+@all');
    await last().cli('ACL', 'SETUSER', 'half', '-hsetnx');
    const findings = await findingsOf({ username: 'half', password: 'p' });
    await expect.poll(() => findings.map(({ level }) => level), { timeout: 5000 }).toEqual(['error']);
    expect(findings[0]?.message).toContain(`at 127.0.0.1:${last().port}: the scripts can't run`);
  });

  it('name just the rights that are needed', async () => {
    await everywhere('ACL', 'SETUSER', 'poor', 'on', '>p', '~*', '&*', '+ping', '+cluster', '-@scripting');
    const findings = await findingsOf({ username: 'poor', password: 'p' });
    await expect.poll(() => findings.filter(({ level }) => level === 'error'), { timeout: 5000 }).toHaveLength(3);
    const text = findings.find(({ level }) => level === 'error')?.message ?? '';
    const rights = text.slice(text.indexOf('needs ') + 'needs '.length).split(' ');
    // Its heartbeats would be in the log of what is denied.
    await stores.pop()?.close();
    await everywhere('ACL', 'SETUSER', 'rich', 'reset', 'on', '>p', ...rights);
    await everywhere('ACL', 'LOG', 'RESET');
    const told = await findingsOf({ username: 'rich', password: 'p' });
    const store = stores.at(-1) as CounterStore;
    for (let i = 0; i < 20; i += 1) {
      const taking = await store.take([freshDemand([[1, 60_000]])], performance.now() + 1000);
      expect(taking.granted).toBe(true);
    }
    await store.close();
    expect(told).toEqual([]);
    for (const node of cluster.nodes) expect(await node.cli('ACL', 'LOG')).toBe('');
  });

  it('tell a node that is addressed as a single server', async () => {
    const findings = await findingsOf({ cluster: false, urls: [last().url] });
    await expect
      .poll(() => findings.map(({ message }) => message).join(), { timeout: 5000 })
      .toContain('set --redis-cluster');
  });
});

async function scriptsRunAt(node: RealRedis): Promise<boolean> {
  return (await node.cli('INFO', 'commandstats')).includes('cmdstat_evalsha');
}
