import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { documentsFolder } from '../e2e/documents.ts';
import { shop } from '../e2e/shop.ts';
import { startOstiary } from '../real/ostiary.ts';
import type { RealOstiary } from '../real/ostiary.ts';
import { startProcess } from '../real/process.ts';

const script = join(import.meta.dirname, '../../charts/ostiary/files/check.mjs');
let ostiary: RealOstiary;
beforeAll(async () => {
  // Metrics of events are there where events go somewhere.
  ostiary = await startOstiary({ policies: documentsFolder(shop), args: ['--events-otlp', 'http://127.0.0.1:9'] });
});
afterAll(() => ostiary?.stop());

async function check(path: string, status: string, address = ostiary.listen, note = '') {
  const asked = { OSTIARY_TEST_ADDRESS: address, OSTIARY_TEST_HOST: 'localhost', OSTIARY_TEST_NOTE: note };
  const env = { ...process.env, ...asked, OSTIARY_TEST_PATH: path, OSTIARY_TEST_STATUS: status };
  const probe = await startProcess(process.execPath, [script], { env });
  return { code: await probe.exited, output: probe.output() };
}

test('what `helm test` runs asks a Check and tells its status', async () => {
  expect(await check('/orders/1', '401')).toEqual({ code: 0, output: 'GET localhost/orders/1: 401\n' });
  expect(await check('/open/1', '200')).toEqual({ code: 0, output: 'GET localhost/open/1: 200\n' });
  expect(await check('/nowhere', '0')).toEqual({ code: 0, output: 'GET localhost/nowhere: 403\n' });
});

test('it says where nothing is enforced', async () => {
  const { output } = await check('/nowhere', '0', ostiary.listen, 'Nothing is enforced yet.');
  expect(output).toBe('GET localhost/nowhere: 403\nNothing is enforced yet.\n');
});

test('it fails where another status was expected, or nobody answers', async () => {
  expect(await check('/orders/1', '200')).toMatchObject({ code: 1, output: expect.stringContaining('expected 200') });
  expect(await check('/orders/1', '0', '127.0.0.1:1')).toMatchObject({ code: 1 });
});

test('every metric that an alert asks for is there', async () => {
  const alerts = readFileSync(join(import.meta.dirname, '../../charts/ostiary/files/alerts.yaml'), 'utf8');
  const asked = new Set(alerts.match(/\bostiary_\w+/g)?.map((name) => name.replace(/_bucket$/, '')));
  const metrics = await (await fetch(`${ostiary.adminUrl}/metrics`)).text();
  const told = new Set([...metrics.matchAll(/^# TYPE (\w+)/gm)].map(([, name]) => name));
  expect(asked.size).toBeGreaterThan(5);
  expect([...asked].filter((name) => !told.has(name))).toEqual([]);
});
