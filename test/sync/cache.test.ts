import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { scratchFolder } from '../real/scratch.ts';
import type { TestSidecar } from './fixture.ts';
import { api, MemoryLog, put } from './memory-log.ts';
import { control, sidecar } from './opened.ts';

describe('the cache', () => {
  async function cached(key?: Buffer): Promise<string> {
    const folder = join(scratchFolder('cache'), 'c');
    const log = new MemoryLog();
    await put(log, api('orders'));
    const plane = await control(log);
    const one = sidecar(() => plane, { token: await plane.token(), folder, ...(key && { key }) });
    await one.opened();
    const revision = await put(log, api('stock'));
    await one.until(() => one.revision === revision);
    await one.close();
    return folder;
  }

  const start = async (folder: string, key?: Buffer): Promise<TestSidecar> => {
    const one = sidecar(() => undefined, { folder, ...(key && { key }) });
    await Promise.race([one.opened(), one.until(() => one.said.length > 0)]);
    return one;
  };

  it('holds what was in force', async () => {
    expect((await start(await cached())).names).toEqual(['Api orders', 'Api stock']);
  });

  it('is not used where a byte of it was changed', async () => {
    const folder = await cached();
    const file = join(folder, 'documents.cache');
    const bytes = readFileSync(file);
    for (const at of [3, 40, 100, 200]) {
      const changed = Buffer.from(bytes);
      changed[at] = (changed[at] ?? 0) ^ 1;
      writeFileSync(file, changed);
      const one = await start(folder);
      expect(one.names).toEqual([]);
      expect(one.said[0]).toContain('cache: ');
      await one.close();
    }
  });

  it('loses what a crash has cut off, and nothing else', async () => {
    const folder = await cached();
    const file = join(folder, 'documents.cache');
    const bytes = readFileSync(file);
    writeFileSync(file, bytes.subarray(0, -3));
    expect((await start(folder)).names).toEqual(['Api orders']);
  });

  it('is encrypted where there is a key, and read with that key alone', async () => {
    const key = Buffer.alloc(32, 7);
    const folder = await cached(key);
    expect(readFileSync(join(folder, 'documents.cache')).includes('orders')).toBe(false);
    expect((await start(folder, key)).names).toEqual(['Api orders', 'Api stock']);
    expect((await start(folder, Buffer.alloc(32, 8))).names).toEqual([]);
    expect((await start(folder)).names).toEqual([]);
  });

  it('starts with what was in force, where what came after it has faults', async () => {
    const folder = join(scratchFolder('cache'), 'c');
    const log = new MemoryLog();
    await put(log, api('orders'));
    const plane = await control(log);
    const judge = (documents: ReadonlyMap<string, unknown>) => (documents.has('Api bad') ? 'bad' : undefined);
    const one = sidecar(() => plane, { token: await plane.token(), folder, judge });
    await one.opened();
    await put(log, api('bad'));
    await one.until(() => one.said.some((line) => line.startsWith('rejected')));
    await one.close();
    const again = sidecar(() => undefined, { folder, judge });
    await again.opened();
    expect(again.names).toEqual(['Api orders']);
    expect(again.deliveries).toEqual(['complete', 'change']);
  });
});
