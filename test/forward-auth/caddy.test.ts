import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe } from 'vitest';
import { partOrSkip } from '../real/parts.ts';
import { startProcess, untilReady } from '../real/process.ts';
import { scratchFolder } from '../real/scratch.ts';
import { behaves } from './behaviour.ts';
import { answersAt } from './fixture.ts';
import { startFront } from './front.ts';

const caddy = await partOrSkip('caddy');

describe.skipIf(caddy === undefined)('Caddy, as its page configures it', () => {
  behaves(
    () =>
      startFront('docs/proxies/caddy.md', async (block, { proxy }) => {
        const folder = scratchFolder('caddy');
        const file = join(folder, 'Caddyfile');
        writeFileSync(file, `{\n\tadmin off\n}\n${block('caddy')}`);
        const home = { HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder };
        const run = ['run', '--adapter', 'caddyfile', '--config', file];
        const program = await startProcess(caddy ?? 'caddy', run, { env: { ...process.env, ...home } });
        await untilReady('caddy', program, () => answersAt(proxy));
        return program;
      }),
    { preflights: false, removesClaims: false, showsRates: false },
  );
});
