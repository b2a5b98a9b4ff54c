import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { RequestEvent } from '../../src/analytics/event.ts';
import { SampleDisk } from '../../src/analytics/sample-disk.ts';
import { SamplePool } from '../../src/analytics/sample-pool.ts';
import { ManualTime } from '../jwt/manual-time.ts';
import { scratchFolder } from '../real/scratch.ts';

function eventOf(number: number, details = ''): RequestEvent {
  return {
    id: `id-${number}`,
    receivedAt: number,
    endedAt: number,
    outcome: 'blocked',
    method: 'GET',
    status: 403,
    responseFlags: [],
    details,
    requestBytes: 0,
    responseBytes: 0,
  };
}

interface Opened {
  readonly pool: SamplePool;
  readonly disk: SampleDisk;
  readonly faults: string[];
  readonly restored: readonly string[];
  /** Time passes, and what is due is written. */
  pass(seconds: number): Promise<void>;
}

async function open(folder: string, epoch: string, part = 1, parts = 1, maxBytes = 1e9): Promise<Opened> {
  const time = new ManualTime();
  const faults: string[] = [];
  let pool: SamplePool | undefined;
  const disk: SampleDisk = new SampleDisk(
    {
      timers: time,
      folder,
      part,
      parts,
      epoch,
      failed: (_, isNew) => void (isNew && faults.push('failed')),
      recovered: () => void faults.push('recovered'),
    },
    () => pool?.all() ?? [],
  );
  pool = new SamplePool(1e6, maxBytes, disk.changed);
  const restored = await disk.restore();
  for (const [at, { keptAt, event, steps }] of restored.entries()) pool.add('key', -1 - at, keptAt, { event, steps });
  disk.start();
  return {
    pool,
    disk,
    faults,
    restored: restored.map(({ event }) => event.id),
    async pass(seconds) {
      for (let second = 0; second < seconds; second += 1) {
        time.advance(1000);
        await disk.written();
      }
    },
  };
}

const add = ({ pool }: Opened, number: number, details?: string): void =>
  pool.add('key', number, number, { event: eventOf(number, details), steps: [] });

test('what was written is there for the next process, as it was completed, though the last line is cut', async () => {
  const folder = join(scratchFolder('samples'), 'samples');
  const first = await open(folder, 'aaaaaaaa');
  add(first, 1);
  add(first, 2);
  await first.pass(1);
  first.pool.replace(2, ({ steps }) => ({ event: { ...eventOf(2), id: 'completed' }, steps }));
  await first.pass(1);
  // Not written yet when it is killed.
  add(first, 3);
  expect(statSync(folder).mode & 0o777).toBe(0o700);
  const [file = ''] = readdirSync(folder);
  expect(statSync(join(folder, file)).mode & 0o777).toBe(0o600);
  appendFileSync(join(folder, file), '\n{"name":"aaaaaaaa.9","at":9,"event":{"id":"cut"');
  writeFileSync(join(folder, 'part-1-99.ndjson'), 'no JSON\n[]\n{}\n{"name":"x","at":1,"event":{},"steps":[]}');
  const second = await open(folder, 'bbbbbbbb');
  expect(second.restored).toEqual(['id-1', 'completed']);
  add(second, 1);
  await second.pass(2);
  expect(readdirSync(folder)).toEqual(['part-1-100.ndjson']);
  expect((await open(folder, 'cccccccc')).restored.toSorted()).toEqual(['completed', 'id-1', 'id-1']);
});

test('what has left the pool leaves the disk, which is bounded', async () => {
  const folder = scratchFolder('samples');
  const opened = await open(folder, 'aaaaaaaa', 1, 1, 100_000);
  add(opened, 0);
  const text = 'x'.repeat(20_000);
  const bytes = (): number => readdirSync(folder).reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);
  let most = 0;
  for (let number = 1; number < 2000; number += 1) {
    add(opened, number, text);
    if (number % 2 === 0) {
      await opened.pass(1);
      most = Math.max(most, bytes());
    }
  }
  expect(most).toBeLessThan(9 * 1024 * 1024);
  expect(readdirSync(folder)).not.toContain('part-1-1.ndjson');
  const { restored } = await open(folder, 'bbbbbbbb');
  expect(restored).toContain('id-1998');
  expect(restored).not.toContain('id-1');
});

test('each process has files of its own, and the first takes over those of processes that there are no longer', async () => {
  const folder = scratchFolder('samples');
  for (const part of [1, 2, 3]) {
    const opened = await open(folder, `aaaaaaa${part}`, part, 3);
    add(opened, part);
    await opened.disk.close();
  }
  expect((await open(folder, 'bbbbbbb2', 2, 2)).restored).toEqual(['id-2']);
  const first = await open(folder, 'bbbbbbb1', 1, 2);
  expect(first.restored).toEqual(['id-1', 'id-3']);
  await first.disk.close();
  expect(readdirSync(folder).toSorted()).toEqual(['part-1-2.ndjson', 'part-2-1.ndjson']);
});

test('a folder that can not be written to is told once, and what is kept is written when it can be', async () => {
  const folder = join(scratchFolder('samples'), 'samples');
  const opened = await open(folder, 'aaaaaaaa');
  rmSync(folder, { recursive: true });
  writeFileSync(folder, 'a file in its place');
  add(opened, 1);
  await opened.pass(3);
  expect(opened.faults).toEqual(['failed']);
  rmSync(folder);
  mkdirSync(folder);
  chmodSync(folder, 0o700);
  await opened.pass(1);
  expect(opened.faults).toEqual(['failed', 'recovered']);
  const [file = ''] = readdirSync(folder);
  expect(readFileSync(join(folder, file), 'utf8')).toContain('id-1');
});
