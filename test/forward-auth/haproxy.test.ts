import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe } from 'vitest';
import { partOrSkip } from '../real/parts.ts';
import { startProcess, untilReady } from '../real/process.ts';
import { scratchFolder } from '../real/scratch.ts';
import { behaves } from './behaviour.ts';
import { answersAt } from './fixture.ts';
import { startFront } from './front.ts';

const haproxy = await partOrSkip('haproxy');

describe.skipIf(haproxy === undefined)('HAProxy, as its page configures it', () => {
  behaves(
    () =>
      startFront('docs/proxies/haproxy.md', async (block, { proxy }) => {
        const folder = scratchFolder('haproxy');
        const action = join(folder, 'ostiary.lua');
        writeFileSync(action, block('lua'));
        const file = join(folder, 'haproxy.cfg');
        writeFileSync(file, block('haproxy').replace('/etc/haproxy/ostiary.lua', action));
        const program = await startProcess(haproxy ?? 'haproxy', ['-db', '-f', file]);
        await untilReady('haproxy', program, () => answersAt(proxy));
        return program;
      }),
    { preflights: true, removesClaims: true, showsRates: true },
  );
});
