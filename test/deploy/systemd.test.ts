import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseFlags } from '../../src/flags.ts';
import { serveFlags } from '../../src/serve/serve-flags.ts';

const unit = readFileSync(join(import.meta.dirname, '../../deploy/ostiary.service'), 'utf8');
const valueOf = (key: string) => new RegExp(`^${key}=(.*)$`, 'm').exec(unit)?.[1] ?? '';

describe('the systemd unit', () => {
  const [, , command, ...flags] = valueOf('ExecStart').split(' ');

  test('calls serve with flags that it knows', () => {
    expect(command).toBe('serve');
    expect(parseFlags(serveFlags, flags, {}).positionals).toEqual([]);
  });

  test('gives it more time to end than it takes', () => {
    expect(Number(valueOf('TimeoutStopSec')) * 1000).toBeGreaterThan(parseFlags(serveFlags, flags, {}).values.drain);
  });

  test('lets it write its socket and its cache and nothing else', () => {
    expect(valueOf('ProtectSystem')).toBe('strict');
    expect(unit).not.toContain('ReadWritePaths');
    expect(flags.join(' ')).toContain(`unix:/run/${valueOf('RuntimeDirectory')}/`);
  });
});
