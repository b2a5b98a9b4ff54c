import { expect, test } from 'vitest';
import { main } from '../real/ostiary.ts';
import { startProcess } from '../real/process.ts';

test.each([
  [['--events-otlp-headers-file', 'f'], '--events-otlp-headers-file needs --events-otlp'],
  [['--events-webhook-secret-file', 'f'], '--events-webhook-secret-file needs --events-webhook'],
  [['--events-spool', 'd', '--events-file', 'f'], '--events-spool needs --events-otlp or --events-webhook'],
  [['--events-otlp', 'collector:4318'], '--events-otlp: expected a URL such as https://collector.example.com'],
  [['--events-webhook', 'https://u:hidden@example.com/'], 'use --events-webhook-headers-file'],
  [['--events-otlp', 'http://collector:4318'], 'use https:, or allow it by --events-insecure'],
  [['--events-file', '/nowhere/at/all/events', '--workers', '2'], '--events-file /nowhere/at/all/events: its folder'],
  [['--events-file', '/dev/null'], 'use - for standard output'],
])('%j is refused with what is wrong, and what to do', async (flags, told) => {
  const ports = ['listen', 'admin-listen', 'api-listen'].map((flag) => `--${flag}=127.0.0.1:0`);
  const policies = new URL('../../policies', import.meta.url).pathname;
  const ostiary = await startProcess(process.execPath, [main, 'serve', '--policies', policies, ...ports, ...flags]);
  expect([1, 2]).toContain(await ostiary.exited);
  expect(ostiary.output()).toContain(told);
  expect(ostiary.output()).not.toContain('hidden');
});
