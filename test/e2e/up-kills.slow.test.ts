import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, expect, test } from 'vitest';
import { runMain } from '../cli/run-main.ts';
import { document, writeFolder } from '../document/documents.ts';
import { scratchFolder } from '../real/scratch.ts';
import { startUp } from '../real/up.ts';
import type { RealUp } from '../real/up.ts';

const ROUNDS = Number(process.env['UP_KILLS'] ?? 4);
/** Within this time after the first write, the process is killed. */
const LONGEST_LIFE_MS = 600;

let up: RealUp | undefined;
afterAll(() => up?.stop());

test('who is killed in the middle of writes has every one that was acknowledged, and the folder as it is', async () => {
  const folder = scratchFolder('up-kills');
  const policies = writeFolder(
    { '0.json': document('Api', 'file-0', { basePath: '/file/0' }) },
    join(folder, 'policies'),
  );
  const acknowledged = new Set<string>();
  const files = new Set(['file-0']);
  for (let round = 1; round <= ROUNDS; round++) {
    const running = await startUp({ dataDir: join(folder, 'data'), policies });
    up = running;
    const end = new AbortController();
    const apply = async (): Promise<void> => {
      for (let at = 0; !end.signal.aborted; at++) {
        const name = `api-${round}-${at}`;
        const written = document('Api', name, { basePath: `/${name}` });
        const answer = await fetch(`${running.controlUrl}/ostiary.v1.ResourceService/Apply`, {
          method: 'POST',
          headers: { 'content-type': 'application/json', authorization: `Bearer ${running.env.OSTIARY_TOKEN}` },
          body: JSON.stringify({ documents: [{ document: written }] }),
        }).catch(() => undefined);
        if (answer?.ok === true) acknowledged.add(name);
      }
    };
    const change = async (): Promise<void> => {
      for (let at = 0; !end.signal.aborted; at++, await sleep(40)) {
        const name = `file-${round}-${at}`;
        files.add(name);
        writeFileSync(join(policies, `${name}.json`), JSON.stringify(document('Api', name, { basePath: `/${name}` })));
      }
    };
    const working = [apply(), apply(), change()];
    await sleep(Math.random() * LONGEST_LIFE_MS + 100);
    await running.kill();
    end.abort();
    await Promise.all(working);
  }
  up = await startUp({ dataDir: join(folder, 'data'), policies });
  const { env } = up;
  const kept = async (): Promise<ReadonlySet<string>> => {
    const { stdout } = await runMain(['get', 'apis', '-o', 'json'], env);
    return new Set([...stdout.matchAll(/"name": ?"((?:api|file)-[\d-]+)"/g)].map(([, name = '']) => name));
  };
  // The folder is read by then; its documents come to the log a moment later.
  for (const until = performance.now() + 30_000; !files.isSubsetOf(await kept()); await sleep(100)) {
    expect(performance.now(), up.output().slice(-2000)).toBeLessThan(until);
  }
  const all = await kept();
  expect([...acknowledged].filter((name) => !all.has(name))).toEqual([]);
  expect(acknowledged.size).toBeGreaterThan(ROUNDS);
  expect([...all].filter((name) => name.startsWith('file-') && !files.has(name))).toEqual([]);
  expect(await runMain(['audit', 'verify'], env)).toMatchObject({ code: 0 });
  expect((await runMain(['sidecars'], env)).stdout).toMatch(/^up +in sync/m);
});
