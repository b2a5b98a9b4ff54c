import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { partOrSkip } from '../real/parts.ts';
import { echo, serve } from './serving.ts';

const h2spec = await partOrSkip('h2spec');

describe.skipIf(h2spec === undefined)('the HTTP/2 server', () => {
  it('passes every case of h2spec in its strict mode', { timeout: 120_000 }, async () => {
    const { port, internalErrors } = await serve([echo]);
    const { stdout } = await promisify(execFile)(h2spec!, ['-h', '127.0.0.1', '-p', String(port), '--strict']);
    expect(stdout.match(/(?<total>\d+) tests, (?<passed>\d+) passed, 0 skipped, 0 failed/)?.groups).toEqual({
      total: '146',
      passed: '146',
    });
    expect(internalErrors).toEqual([]);
  });
});
