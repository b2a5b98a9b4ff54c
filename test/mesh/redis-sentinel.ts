import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { realPart } from '../real/parts.ts';
import { startProcess, untilReady } from '../real/process.ts';
import type { RealProcess } from '../real/process.ts';
import { startRedis } from '../real/redis.ts';
import type { RealRedis } from '../real/redis.ts';
import { freePort, scratchFolder } from '../real/scratch.ts';

/** A primary, a replica of it, and three Sentinels that watch them. */
export interface RealSentinels {
  readonly primary: RealRedis;
  readonly replica: RealRedis;
  /** As `--redis` takes them. */
  readonly urls: string;
  readonly master: string;
  stop(): Promise<void>;
}

const MASTER = 'quota';

/** @throws PartMissing */
export async function startRedisSentinels(): Promise<RealSentinels> {
  const primary = await startRedis();
  const replica = await startRedis({ args: ['--replicaof', `127.0.0.1 ${primary.port}`] });
  while (!(await replica.cli('INFO', 'replication')).includes('master_link_status:up')) await sleep(50);
  const sentinels = await Promise.all([0, 1, 2].map(() => startSentinel(primary.port)));
  while (!(await allKnown(sentinels))) await sleep(100);
  return {
    primary,
    replica,
    urls: sentinels.map(({ port }) => `127.0.0.1:${port}`).join(','),
    master: MASTER,
    async stop() {
      await Promise.all([...sentinels.map(({ process }) => process.stop()), primary.stop(), replica.stop()]);
    },
  };
}

async function startSentinel(primaryPort: number): Promise<{ process: RealProcess; port: number }> {
  const port = await freePort();
  const folder = scratchFolder('sentinel');
  const file = join(folder, 'sentinel.conf');
  const settings = [
    `port ${port}`,
    'bind 127.0.0.1',
    `dir ${folder}`,
    `sentinel monitor ${MASTER} 127.0.0.1 ${primaryPort} 2`,
    `sentinel down-after-milliseconds ${MASTER} 1000`,
    `sentinel failover-timeout ${MASTER} 5000`,
  ];
  writeFileSync(file, `${settings.join('\n')}\n`);
  const process = await startProcess(await realPart('redis-sentinel'), [file, '--sentinel']);
  await untilReady('redis-sentinel', process, async () => process.output().includes('+monitor master'));
  return { process, port };
}

/** Each must know of the two others and of the replica before it can lead a fail-over. */
async function allKnown(sentinels: readonly { process: RealProcess }[]): Promise<boolean> {
  return sentinels.every(({ process }) => {
    const output = process.output();
    return output.includes('+slave slave') && (output.match(/\+sentinel sentinel/g) ?? []).length >= 2;
  });
}
