import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { partOrSkip } from '../real/parts.ts';
import { runOstiary, startOstiary } from '../real/ostiary.ts';
import { documentsFolder } from './documents.ts';
import { startMesh, TRANSPORTS } from './mesh.ts';
import { send } from './request.ts';
import { shop } from './shop.ts';

const envoy = await partOrSkip('envoy');

describe('the process', () => {
  test.skipIf(envoy === undefined).each(TRANSPORTS)(
    'on SIGTERM answers on %s while it drains and ends with 0',
    async (transport) => {
      const mesh = await startMesh({
        policies: documentsFolder(shop),
        transport,
        args: ['--drain-delay', '3s', '--drain', '1m'],
      });
      try {
        const port = mesh.envoy.port('normalized');
        const ostiary = mesh.ostiary();
        expect((await send(port, '/open/1')).status).toBe(200);
        const asked = performance.now();
        ostiary.signal('SIGTERM');
        await expect.poll(async () => (await fetch(`${ostiary.adminUrl}/readyz`)).status).toBe(503);
        expect((await fetch(`${ostiary.adminUrl}/livez`)).status).toBe(200);
        while (performance.now() - asked < 700) {
          expect((await send(port, '/open/1')).status).toBe(200);
          expect((await send(port, '/closed/1')).status).toBe(401);
          await sleep(20);
        }
        expect(await ostiary.exited).toBe(0);
      } finally {
        await mesh.stop();
      }
    },
  );

  test('says in one line that a port is in use, and ends with 1', async () => {
    const policies = documentsFolder(shop);
    const first = await startOstiary({ policies });
    const spare = ['--admin-listen', '127.0.0.1:0', '--api-listen', '127.0.0.1:0'];
    const second = await runOstiary(['serve', '--policies', policies, '--listen', first.listen, ...spare]);
    expect(await second.exited).toBe(1);
    expect(complaint(second.output())).toContain(first.listen);
    await first.stop();
  });

  test('says in one line which flag it does not know, and ends with 2', async () => {
    const ostiary = await runOstiary(['serve', '--polices', '/nowhere']);
    expect(await ostiary.exited).toBe(2);
    expect(complaint(ostiary.output())).toContain('--polices');
  });

  test('says where there are no documents, and ends with 1', async () => {
    const ostiary = await runOstiary(['serve', '--policies', '/nowhere/at/all', '--listen', '127.0.0.1:0']);
    expect(await ostiary.exited).toBe(1);
    expect(ostiary.output()).toContain('/nowhere/at/all: there is no such file or directory');
    expect(ostiary.output()).not.toMatch(/^ +at /m);
  });

  test('tells the first faults of a reload that has thousands, and how many more there are', async () => {
    const policies = documentsFolder(shop);
    const ostiary = await startOstiary({ policies });
    const faulty = Array.from({ length: 3000 }, (_, i) => ({ kind: `Nothing${i}` }));
    writeFileSync(join(policies, 'faulty.json'), JSON.stringify(faulty));
    const lines = () =>
      ostiary
        .output()
        .split('\n')
        .filter((line) => line.includes('fault in documents'));
    await expect.poll(() => lines().at(-1) ?? '', { timeout: 5000 }).toMatch(/and \d{4} more faults/);
    expect(lines()).toHaveLength(101);
    const post = { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' };
    const snapshot = await fetch(`${ostiary.apiUrl}/ostiary.v1.InspectionService/GetSnapshot`, post);
    expect(((await snapshot.json()) as { faults: unknown[] }).faults).toHaveLength(101);
    await ostiary.stop();
  });
});

/** The one line of the output that is no log entry. */
function complaint(output: string): string {
  expect(output).not.toMatch(/^ +at /m);
  const lines = output.split('\n').filter((line) => line !== '' && !line.startsWith('{'));
  expect(lines).toHaveLength(1);
  return lines[0] ?? '';
}
