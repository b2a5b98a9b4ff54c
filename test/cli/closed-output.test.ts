import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';

const MAIN = join(import.meta.dirname, '../../src/main.ts');

test('a command whose reader has gone, such as head -1, ends without a word', async () => {
  const child = spawn(process.execPath, ['--no-warnings', MAIN, '--help'], { stdio: ['ignore', 'pipe', 'pipe'] });
  child.stdout.destroy();
  const [told, [code]] = await Promise.all([text(child.stderr), once(child, 'exit')]);
  expect({ told, code }).toEqual({ told: '', code: 141 });
}, 60_000);

test('a service goes on when nobody reads its log or its first lines', async () => {
  // Both streams are closed before it starts to listen.
  const child = spawn(
    process.execPath,
    [
      '--no-warnings',
      MAIN,
      'serve',
      '--listen',
      '127.0.0.1:0',
      '--admin-listen',
      '127.0.0.1:0',
      '--api-listen',
      '127.0.0.1:0',
    ],
    { cwd: join(import.meta.dirname, '../..'), stdio: ['ignore', 'pipe', 'pipe'] },
  );
  const ended = once(child, 'exit');
  child.stderr.destroy();
  await once(child.stdout, 'data');
  child.stdout.destroy();
  // Its log is written when it drains, too.
  expect(child.kill('SIGTERM')).toBe(true);
  expect(await ended).toEqual([0, null]);
}, 60_000);
