import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { SCENES } from '../../demo/scenes.ts';
import { partOrSkip } from '../real/parts.ts';
import { startProcess } from '../real/process.ts';

const envoy = await partOrSkip('envoy');
const curl = await partOrSkip('curl');
const demo = join(import.meta.dirname, '../../demo/demo.ts');

describe.skipIf(envoy === undefined || curl === undefined)('the demo', () => {
  test('plays every line it prints, with the outcome it announces', async () => {
    const played = await startProcess(process.execPath, [demo, '--run']);
    expect([await played.exited, played.output()]).toEqual([
      0,
      expect.stringContaining('Every outcome is as announced'),
    ]);
    expect(played.output().match(/^as announced: /gm)).toHaveLength(SCENES.length);
  }, 60_000);

  test.each([
    [['--help'], 0, 'Usage:\n  npm run demo'],
    [['-h'], 0, '--port N'],
    [['--frobnicate'], 1, 'see npm run demo -- --help'],
    [['--port', 'x'], 1, '--port is x: expected 0 to 65535'],
    [['--traffic', '--seconds', '5'], 1, '--seconds is 5: expected 10 to 600'],
    [['--seconds', '20'], 1, '--seconds has no effect without --traffic'],
  ])('%j is answered at once', async (args, code, said) => {
    const running = await startProcess(process.execPath, [demo, ...args]);
    expect([await running.exited, running.output()]).toEqual([code, expect.stringContaining(said)]);
    expect(running.output()).not.toContain('    at ');
  });

  test('without --run prints the lines and runs until Ctrl-C, which stops everything', async () => {
    const running = await startProcess(process.execPath, [demo, '--port', '0']);
    await expect.poll(() => running.output(), { timeout: 20_000 }).toContain('Ctrl-C stops everything');
    const url = /http:\/\/127\.0\.0\.1:\d+/.exec(running.output())?.[0] ?? '';
    expect((await fetch(`${url}/nowhere`)).status).toBe(403);
    running.signal('SIGINT');
    expect(await running.exited).toBe(0);
    await expect(fetch(url)).rejects.toThrow('fetch failed');
  }, 60_000);
});
