import { expect, test } from 'vitest';
import { runMain } from './run-main.ts';

const NOWHERE = 'http://127.0.0.1:1';

test.each<[string, readonly string[], Readonly<Record<string, string>>, RegExp]>([
  ['the service on this machine without flags', [], {}, /^ostiary: http:\/\/127.0.0.1:\d+ .*--api-listen/],
  ['the control plane at --server', ['--server', NOWHERE], {}, /:1 does not answer: is ostiary control running/],
  ['the control plane at OSTIARY_SERVER', [], { OSTIARY_SERVER: NOWHERE }, /:1 does not answer: is ostiary control/],
  [
    'one service at --api-address, whatever the environment says',
    ['--api-address', NOWHERE],
    { OSTIARY_SERVER: 'http://127.0.0.1:2' },
    /:1 does not answer: is ostiary running with --api-listen/,
  ],
  ['nobody by flags of both', ['--api-address', NOWHERE, '--server', NOWHERE], {}, /--api-address is of one service/],
  ['nobody by a token without a control plane', ['--token-file', 'x'], {}, /--token-file is for the control plane/],
])('ostiary analytics asks %s', async (_, argv, environment, said) => {
  const { code, stderr } = await runMain(['analytics', 'query', ...argv], { OSTIARY_API: NOWHERE, ...environment });
  expect(code).not.toBe(0);
  expect(stderr).toMatch(said);
});
