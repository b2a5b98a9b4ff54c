import { chmodSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { isBootstrapTokenIn, prepareBootstrapToken } from '../../src/control/access.ts';
import { Code } from '../../src/grpc/rpc.ts';
import { identifyBy } from '../../src/people/identify.ts';
import { scratchFolder } from '../real/scratch.ts';

test('the token of the first start is written once, for our user alone, and lets its holder do everything', async () => {
  const file = join(scratchFolder('access'), 'token');
  expect(await prepareBootstrapToken(file, randomBytes)).toEqual({ isNew: true });
  expect(statSync(file).mode & 0o777).toBe(0o600);
  const token = readFileSync(file, 'utf8').trim();
  expect(token).toMatch(/^[\w-]{43}$/);
  chmodSync(file, 0o644);
  expect(await prepareBootstrapToken(file, randomBytes)).toEqual({ isNew: false });
  expect(statSync(file).mode & 0o777).toBe(0o600);
  const identify = identifyBy({
    isBootstrapToken: (given) => isBootstrapTokenIn(file, given),
    tokens: { present: async () => undefined },
    sessions: { present: async () => undefined },
    confirming: undefined,
    origin: { isOwn: () => false },
    cookies: { isSecure: true },
  });
  expect(await identify({ authorization: `Bearer ${token}` })).toMatchObject({ name: 'bootstrap', isBootstrap: true });
  for (const wrong of [undefined, '', token, `Bearer ${token}x`, 'Bearer ', `Basic ${token}`]) {
    await expect(identify({ authorization: wrong })).rejects.toMatchObject({ code: Code.unauthenticated });
    await expect(identify({ authorization: wrong })).rejects.not.toThrow(token);
  }
  writeFileSync(file, `${'n'.repeat(20)}\n`);
  await expect(identify({ authorization: `Bearer ${token}` })).rejects.toMatchObject({
    code: Code.unauthenticated,
  });
  expect(await identify({ authorization: `bearer ${'n'.repeat(20)}` })).toMatchObject({
    name: 'bootstrap',
  });
  writeFileSync(file, 'short');
  await expect(identify({ authorization: 'Bearer short' })).rejects.toMatchObject({
    code: Code.unavailable,
  });
  await expect(prepareBootstrapToken(file, randomBytes)).rejects.toThrow(/expected one line of at least 16 visible/);
  const nowhere = join(scratchFolder('access'), 'none', 'token');
  await expect(prepareBootstrapToken(nowhere, randomBytes)).rejects.toThrow(/can't be written \(ENOENT\)/);
});
