import { afterEach, beforeEach, expect, test } from 'vitest';
import { runMain } from '../cli/run-main.ts';
import { openServices, TOKEN } from '../control/fixture.ts';
import type { ControlServices } from '../control/fixture.ts';
import { scratchFolder } from '../real/scratch.ts';
import { FLEX, folderOf, INLINE } from './run-import.ts';

let services: ControlServices;
beforeEach(async () => {
  services = await openServices({ dataDir: scratchFolder('control'), databaseUrl: undefined });
});
afterEach(async () => {
  await services.close();
});

const run = (...argv: readonly string[]) =>
  runMain(['import', 'flex', ...argv, '--server', services.url], { OSTIARY_TOKEN: TOKEN });

test('documents of Flex go straight to the control plane: shown first, written by --apply, and never twice', async () => {
  const folder = folderOf({ 'depots.yaml': INLINE });
  const shown = await run(folder);
  expect(shown).toMatchObject({ code: 0, stdout: 'api/depots created (dry run)\n' });
  expect(shown.stderr).toContain('1 change, 0 as before; --apply writes it');
  expect((await services.registry.head()).revision).toBe(0);
  expect(await run(folder, '--apply', '--reason', 'from Flex')).toMatchObject({
    code: 0,
    stdout: 'api/depots created\n',
  });
  const [change] = await services.registry.changesAfter(0, 1);
  expect(change).toMatchObject({ reason: 'from Flex', actor: 'admin' });
  expect(await run(folder, '--apply')).toMatchObject({ code: 0, stdout: '' });
  expect((await services.registry.head()).revision).toBe(1);
});

test('a fault of one document keeps all of them out, and names the file', async () => {
  const plain = INLINE.replace('$COURIER_PASSWORD', 'van-17-blue').replace('name: depots', 'name: other');
  const folder = folderOf({ 'depots.yaml': INLINE, 'other.yaml': plain.replace('8080', '8080/other') });
  const { code, stderr } = await run(folder, '--apply');
  expect(code).toBe(1);
  expect(stderr).toMatch(/other\.yaml: .*password: would be kept in plain text/);
  expect(stderr).toContain('1 fault; nothing is written');
  expect((await services.registry.head()).revision).toBe(0);
});

test('flags that contradict each other are refused', async () => {
  const folder = folderOf({
    'a.yaml': `${FLEX}\nkind: ApiInstance\nmetadata:\n  name: a\nspec:\n  address: http://0.0.0.0:1/\n`,
  });
  expect(await run(folder, '--out', 'x')).toMatchObject({ code: 2 });
  expect(await run(folder, '--url', 'https://anypoint.mulesoft.com')).toMatchObject({ code: 2 });
});
