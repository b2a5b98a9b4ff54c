import { rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { mountHung, releaseAfterEach } from '../real/hung-mount.ts';
import { runOstiary, startOstiary } from '../real/ostiary.ts';
import type { RealOstiary } from '../real/ostiary.ts';
import { scratchFolder } from '../real/scratch.ts';
import { documentsFolder } from './documents.ts';
import { shop } from './shop.ts';

releaseAfterEach();

async function metricOf({ adminUrl }: RealOstiary, name: string): Promise<number> {
  const text = await (await fetch(`${adminUrl}/metrics`)).text();
  return Number(new RegExp(`^${name} (.*)$`, 'm').exec(text)?.[1]);
}
const successful = (ostiary: RealOstiary) => metricOf(ostiary, 'ostiary_config_last_reload_successful');
const lookedAt = (ostiary: RealOstiary) => metricOf(ostiary, 'ostiary_config_last_look_timestamp_seconds');

test('a document that is a stream of the kernel is a fault like any other', async () => {
  const policies = documentsFolder(shop);
  const ostiary = await startOstiary({ policies });
  const stream = join(policies, 'stream.yaml');
  symlinkSync('/proc/kmsg', stream);
  await expect.poll(() => successful(ostiary), { timeout: 5000 }).toBe(0);
  await expect.poll(() => ostiary.output(), { timeout: 5000 }).toContain('stream.yaml');
  const before = await lookedAt(ostiary);
  await expect.poll(() => lookedAt(ostiary), { timeout: 10_000 }).toBeGreaterThan(before);
  rmSync(stream);
  await expect.poll(() => successful(ostiary), { timeout: 5000 }).toBe(1);
  await ostiary.stop();
});

describe.skipIf(mountHung === undefined)('where the mount of the documents does not answer', () => {
  test('the last good ones stay in force, the metrics tell, and a change is taken over when it is back', async () => {
    const policies = documentsFolder(shop);
    const ostiary = await startOstiary({ policies });
    const before = await lookedAt(ostiary);
    expect(Math.abs(before - Date.now() / 1000)).toBeLessThan(60);
    await expect.poll(() => lookedAt(ostiary), { timeout: 10_000 }).toBeGreaterThan(before);

    const hung = mountHung?.(policies);
    await expect.poll(() => successful(ostiary), { timeout: 20_000 }).toBe(0);
    await expect.poll(() => ostiary.output(), { timeout: 5000 }).toContain('does not answer within 5 s');
    const last = await lookedAt(ostiary);
    expect((await fetch(`${ostiary.adminUrl}/readyz`)).status).toBe(200);
    const asked = await fetch(`${ostiary.apiUrl}/ostiary.v1.InspectionService/GetSnapshot`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{}',
    });
    expect(await asked.json()).toMatchObject({ faults: [{ file: policies }] });
    expect(await lookedAt(ostiary)).toBe(last);

    hung?.release();
    await expect.poll(() => successful(ostiary), { timeout: 20_000 }).toBe(1);
    expect(await lookedAt(ostiary)).toBeGreaterThan(last);
    expect(ostiary.output().match(/does not answer/g)).toHaveLength(1);
    await ostiary.stop();
  }, 60_000);

  test('SIGTERM ends the process in its time, and with 0', async () => {
    const policies = documentsFolder(shop);
    const ostiary = await startOstiary({ policies, args: ['--drain-delay', '100ms', '--drain', '1s'] });
    mountHung?.(policies);
    await expect.poll(() => successful(ostiary), { timeout: 20_000 }).toBe(0);
    ostiary.signal('SIGTERM');
    expect(await ostiary.exited).toBe(0);
  }, 60_000);

  test('a start fails, and says why', async () => {
    const policies = documentsFolder(shop);
    mountHung?.(policies);
    const ports = ['listen', 'admin-listen', 'api-listen'].map((flag) => `--${flag}=127.0.0.1:0`);
    const ostiary = await runOstiary(['serve', `--policies=${policies}`, ...ports]);
    expect(await ostiary.exited).toBe(1);
    expect(ostiary.output()).toContain(`${policies}: does not answer within 5 s`);
    const validated = await runOstiary(['validate', policies]);
    expect(await validated.exited).toBe(1);
    expect(validated.output()).toContain(`${policies}: does not answer within 5 s`);
  }, 60_000);
});

test.skipIf(mountHung === undefined)(
  'a mount under the API token that does not answer denies, and holds no thread for each call',
  async () => {
    const folder = scratchFolder('token');
    const token = join(folder, 'token');
    writeFileSync(token, 'x'.repeat(32));
    const ostiary = await startOstiary({ policies: documentsFolder(shop), args: ['--api-token-file', token] });
    mountHung?.(folder);
    const reset = async () => {
      const answer = await fetch(`${ostiary.apiUrl}/ostiary.v1.InspectionService/ResetCounters`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${'x'.repeat(32)}` },
        body: '{"api":"orders"}',
      });
      return { status: answer.status, ...((await answer.json()) as object) };
    };
    const answers = await Promise.all(Array.from({ length: 10 }, reset));
    for (const answer of answers) expect(answer).toMatchObject({ status: 503, code: 'unavailable' });
    // Documents are read by the threads that are left.
    const before = await lookedAt(ostiary);
    await expect.poll(() => lookedAt(ostiary), { timeout: 10_000 }).toBeGreaterThan(before);
    await ostiary.kill();
  },
  60_000,
);
