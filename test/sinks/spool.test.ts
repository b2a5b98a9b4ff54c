import { appendFileSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { FileAccess } from '../../src/file-access.ts';
import type { DropReason } from '../../src/sinks/batch.ts';
import { Disk } from '../../src/sinks/disk.ts';
import { Spool } from '../../src/sinks/spool.ts';
import { startedOf } from '../../src/sinks/spool-folder.ts';
import { scratchFolder } from '../real/scratch.ts';

const owner = { pid: process.pid, started: (await startedOf(process.pid)) ?? '', host: 'here' };

interface Opened {
  readonly spool: Spool;
  readonly told: string[];
  readonly dropped: Partial<Record<DropReason, number>>;
}

async function open(folder: string, maxBytes = 64 * 1024 * 1024, clock = systemClock): Promise<Opened> {
  const told: string[] = [];
  const dropped: Partial<Record<DropReason, number>> = {};
  const spool = await Spool.open({
    folder,
    maxBytes,
    owner,
    disk: new Disk(new FileAccess(5000)),
    clock,
    dropped: (reason, events) => (dropped[reason] = (dropped[reason] ?? 0) + events),
    told: (detail) => told.push(detail),
  });
  opened.push(spool);
  return { spool, told, dropped };
}

const opened: Spool[] = [];
afterEach(async () => {
  for (const spool of opened.splice(0)) await spool.close().catch(() => {});
});

const batch = (text: string, events = 1) => ({ events, body: Buffer.from(text) });

/** Reads all there is, as a sender would. */
async function drain(spool: Spool): Promise<string[]> {
  const texts: string[] = [];
  for (let next = await spool.read(); next !== undefined; next = await spool.read()) {
    texts.push(next.body.toString());
    await spool.done();
  }
  return texts;
}

const segments = (folder: string) => readdirSync(folder).filter((name) => name.endsWith('.events'));

describe('a spool', () => {
  test('gives batches in their order, to this process and to a later one', async () => {
    const folder = join(scratchFolder('spool'), 'otlp');
    const first = await open(folder);
    for (const text of ['one', 'two', 'three']) await first.spool.append(batch(text, 2));
    expect(first.spool.events).toBe(6);
    expect((await first.spool.read())?.body.toString()).toBe('one');
    expect((await first.spool.read())?.body.toString()).toBe('one');
    await first.spool.done();
    await first.spool.close();
    const second = await open(folder);
    expect(second.spool.events).toBe(4);
    await second.spool.append(batch('four'));
    expect(await drain(second.spool)).toEqual(['two', 'three', 'four']);
    expect(second.spool.events).toBe(0);
    expect(second.told).toEqual([]);
    expect(second.dropped).toEqual({});
  });

  test('after kill -9, sends what was noted as sent again at most, and never skips', async () => {
    const folder = join(scratchFolder('spool'), 'otlp');
    // No time passes: nothing is noted after the first.
    const first = await open(folder, undefined, { now: () => 0, monotonic: () => 0 });
    for (const text of ['one', 'two', 'three']) await first.spool.append(batch(text));
    await first.spool.read();
    await first.spool.done();
    await first.spool.read();
    await first.spool.done();
    const second = await open(folder);
    expect(await drain(second.spool)).toEqual(['two', 'three']);
  });

  test('is cut wherever a killed process left it, and keeps every whole batch before', async () => {
    const template = join(scratchFolder('spool'), 'otlp');
    const made = await open(template);
    const texts = ['first', 'second', 'third'];
    const ends: number[] = [];
    for (const text of texts) {
      await made.spool.append(batch(text));
      ends.push(made.spool.bytes);
    }
    const [name = ''] = segments(template);
    const whole = readFileSync(join(template, name));
    expect(whole.length).toBe(ends.at(-1));
    for (let length = 0; length <= whole.length; length++) {
      const folder = join(scratchFolder('cut'), 'otlp');
      await mkdir(folder);
      writeFileSync(join(folder, name), whole.subarray(0, length));
      const { spool, told, dropped } = await open(folder);
      const kept = ends.filter((end) => end <= length).length;
      expect(await drain(spool)).toEqual(texts.slice(0, kept));
      const isBetween = length > 32 && !ends.includes(length);
      expect(told.length, `cut at ${length}`).toBe(isBetween ? 1 : 0);
      expect(dropped).toEqual(isBetween ? { spool_damaged: 1 } : {});
      // What comes afterwards is not disturbed by what was left.
      await spool.append(batch('later'));
      expect(await drain(spool)).toEqual(['later']);
    }
  });

  test('loses of a damaged segment what follows the damage, and counts it', async () => {
    const folder = join(scratchFolder('spool'), 'otlp');
    const first = await open(folder);
    for (const text of ['one', 'two', 'three']) await first.spool.append(batch(text, 10));
    await first.spool.close();
    const second = await open(folder);
    await second.spool.append(batch('four'));
    await second.spool.close();
    const [name = ''] = segments(folder);
    const path = join(folder, name);
    const bytes = readFileSync(path);
    bytes[bytes.indexOf('two')] = 0;
    writeFileSync(path, bytes);
    const third = await open(folder);
    expect(await drain(third.spool)).toEqual(['one', 'four']);
    expect(third.dropped).toEqual({ spool_damaged: 20 });
    expect(third.told.join()).toContain('damaged at byte');
  });

  test('has no more bytes than it may: the oldest make room, and each is counted', async () => {
    const folder = join(scratchFolder('spool'), 'otlp');
    const maxBytes = 80_000;
    const { spool, dropped } = await open(folder, maxBytes);
    let sent = 0;
    for (let number = 0; number < 100; number++) {
      await spool.append({ events: 3, body: Buffer.alloc(3000, String(number)) });
      expect(spool.bytes).toBeLessThanOrEqual(maxBytes);
      if (number % 10 !== 0) continue;
      // One is being sent while others make room.
      await spool.done();
      sent += (await spool.read())?.events ?? 0;
    }
    await spool.done();
    const waiting = spool.events;
    expect(sent + waiting + (dropped.spool_full ?? 0)).toBe(300);
    const left = await drain(spool);
    expect(left.length * 3).toBe(waiting);
    expect(left.at(-1)).toMatch(/^9999/);
  });

  test('counts a batch that was being sent when its segment made room as sent, not as lost', async () => {
    const folder = join(scratchFolder('spool'), 'otlp');
    const { spool, dropped } = await open(folder, 80_000);
    await spool.append(batch('slow'));
    await spool.read();
    for (let number = 0; number < 40; number++) await spool.append({ events: 1, body: Buffer.alloc(3000) });
    await spool.done();
    expect(1 + spool.events + (dropped.spool_full ?? 0)).toBe(41);
    expect(spool.events).toBe((await drain(spool)).length);
  });

  test('leaves files of another version to whoever can read them, says so, and goes on', async () => {
    const folder = join(scratchFolder('spool'), 'otlp');
    const first = await open(folder);
    await first.spool.append(batch('from the future'));
    await first.spool.close();
    const [name = ''] = segments(folder);
    const bytes = readFileSync(join(folder, name));
    bytes.writeUInt32LE(2, 8);
    writeFileSync(join(folder, name), bytes);
    const second = await open(folder);
    expect(second.told.join()).toContain('is of version 2, and this ostiary reads 1');
    await second.spool.append(batch('now'));
    expect(await drain(second.spool)).toEqual(['now']);
    expect(readdirSync(folder).filter((each) => each.endsWith('.kept'))).toHaveLength(1);
  });

  test('begins at its oldest batch where the note of how far it is sent is lost', async () => {
    const folder = join(scratchFolder('spool'), 'otlp');
    const first = await open(folder);
    for (const text of ['one', 'two']) await first.spool.append(batch(text));
    await first.spool.read();
    await first.spool.done();
    await first.spool.close();
    truncateSync(join(folder, 'cursor'), 3);
    expect(await drain((await open(folder)).spool)).toEqual(['one', 'two']);
    appendFileSync(join(folder, 'cursor'), 'garbage');
    const third = await open(folder);
    await third.spool.append(batch('three'));
    expect(await drain(third.spool)).toContain('three');
  });
});

describe('the folder of a spool is refused', () => {
  test('if it holds what is not part of a spool', async () => {
    const folder = scratchFolder('spool');
    writeFileSync(join(folder, 'holiday.jpg'), 'x');
    await expect(open(folder)).rejects.toThrow(
      `--events-spool ${folder}: holds holiday.jpg, which is not part of a spool: name an empty folder`,
    );
  });

  test('if it is a file, or can not be made', async () => {
    const file = join(scratchFolder('spool'), 'file');
    writeFileSync(file, '');
    await expect(open(file)).rejects.toThrow('leads through a file');
    await expect(open(join(file, 'otlp'))).rejects.toThrow('leads through a file');
    await expect(open('/proc/spool')).rejects.toThrow(
      '--events-spool /proc/spool: the folder that it is to be in does not exist',
    );
  });

  test('if another process uses it, and not once that has ended', async () => {
    const folder = join(scratchFolder('spool'), 'otlp');
    await mkdir(folder);
    const parent = process.ppid;
    writeFileSync(join(folder, 'owner'), `${parent} ${await startedOf(parent)} here\n`);
    await expect(open(folder)).rejects.toThrow(
      `is in use by the process ${parent}: each ostiary needs a folder of its own`,
    );
    writeFileSync(join(folder, 'owner'), `${parent} 1 here\n`);
    await expect(open(folder)).resolves.toBeDefined();
  });
});

test('a spool that another process takes is left to it', async () => {
  const folder = join(scratchFolder('spool'), 'otlp');
  const { spool } = await open(folder);
  writeFileSync(join(folder, 'owner'), '1 1 elsewhere\n');
  await expect(spool.append(batch('mine'))).rejects.toThrow('another process uses the spool now');
});
