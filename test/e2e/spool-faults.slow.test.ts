import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { mountHung, releaseAfterEach } from '../real/hung-mount.ts';
import { freePort, scratchFolder } from '../real/scratch.ts';
import { endAfterEach, endings, expectChecks, metric, PATIENCE, receive, sendMany, start } from './faulty-sinks.ts';

endAfterEach();
releaseAfterEach();

describe('a spool', () => {
  test('gives a later process each event of one that was killed, and counts half a record at its end', async () => {
    const port = await freePort();
    const spool = join(scratchFolder('spool'), 'events');
    const args = ['--events-webhook', `http://127.0.0.1:${port}/`, '--events-spool', spool];
    const { ostiary, client } = await start(args);
    const ids = await sendMany(client, 300);
    await expect.poll(() => metric(ostiary, 'ostiary_events_taken_total{sink="webhook"}'), PATIENCE).toBe(300);
    // Nothing waits for others any more: what is spooled is all.
    await sleep(2500);
    await ostiary.kill();
    const folder = join(spool, 'webhook');
    const last =
      readdirSync(folder)
        .filter((name) => name.endsWith('.events'))
        .toSorted()
        .at(-1) ?? '';
    const record = readFileSync(join(folder, last)).subarray(32);
    appendFileSync(join(folder, last), record.subarray(0, 100));
    const torn = record.readUInt32LE(8);
    const receiver = await receive(port);
    const { ostiary: later } = await start(args);
    await expect.poll(() => metric(later, 'ostiary_events_waiting{sink="webhook"}'), PATIENCE).toBe(0);
    expect(receiver.ids).toEqual(ids);
    expect(await metric(later, 'ostiary_events_dropped_total{sink="webhook",reason="spool_damaged"}')).toBe(torn);
    expect(later.output()).toContain('100 bytes were not whole');
  });

  // Only root can mount.
  test.skipIf(mountHung === undefined)(
    'and a file on a full disk lose nothing that memory holds, and go on when there is room',
    async () => {
      const disk = join(scratchFolder('full'), 'disk');
      mkdirSync(disk);
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'full', disk]);
      endings.push(() => execFileSync('umount', ['-l', disk]));
      const port = await freePort();
      const file = join(disk, 'events.ndjson');
      const { ostiary, client } = await start([
        '--events-file',
        file,
        '--events-webhook',
        `http://127.0.0.1:${port}/`,
        '--events-spool',
        join(disk, 'spool'),
      ]);
      const filler = join(disk, 'filler');
      expect(() => writeFileSync(filler, Buffer.alloc(4 * 1024 * 1024))).toThrow(/ENOSPC/);
      let ids = new Set<string>();
      await expectChecks(
        client,
        (async () => {
          ids = await sendMany(client, 200);
          const failed = () => metric(ostiary, 'ostiary_events_send_failures_total{sink="file",reason="disk"}');
          await expect.poll(failed, PATIENCE).toBeGreaterThan(0);
          await expect.poll(() => ostiary.output(), PATIENCE).toContain('events wait in memory alone');
        })(),
      );
      expect(ostiary.output()).toContain('no space is left on the disk (ENOSPC)');
      rmSync(filler);
      const receiver = await receive(port);
      for (const sink of ['file', 'webhook']) {
        await expect.poll(() => metric(ostiary, `ostiary_events_sent_total{sink="${sink}"}`), PATIENCE).toBe(200);
      }
      expect(receiver.ids).toEqual(ids);
      const lines = readFileSync(file, 'utf8').split('\n').filter(Boolean);
      expect(new Set(lines.map((line) => (JSON.parse(line) as { id: string }).id))).toEqual(ids);
    },
  );

  test.skipIf(mountHung === undefined)('on a disk that hangs is told, and events go on to the receiver', async () => {
    const folder = join(scratchFolder('hung'), 'events');
    mkdirSync(folder);
    const port = await freePort();
    const { ostiary, client } = await start([
      '--events-webhook',
      `http://127.0.0.1:${port}/`,
      '--events-spool',
      folder,
    ]);
    const before = await sendMany(client, 20);
    await expect
      .poll(() => metric(ostiary, 'ostiary_events_spool_bytes{sink="webhook"}'), PATIENCE)
      .toBeGreaterThan(500);
    const hung = mountHung?.(folder);
    let after = new Set<string>();
    const receiver = await receive(port);
    await expectChecks(
      client,
      (async () => {
        after = await sendMany(client, 200);
        await expect.poll(() => ostiary.output(), PATIENCE).toContain('the file system does not answer');
        await expect.poll(() => after.isSubsetOf(receiver.ids), PATIENCE).toBe(true);
      })(),
    );
    hung?.release();
    await expect.poll(() => before.isSubsetOf(receiver.ids), PATIENCE).toBe(true);
    await expect.poll(() => metric(ostiary, 'ostiary_events_waiting{sink="webhook"}'), PATIENCE).toBe(0);
  });
});
