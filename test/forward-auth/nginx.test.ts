import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe } from 'vitest';
import { partOrSkip } from '../real/parts.ts';
import { startProcess, untilReady } from '../real/process.ts';
import { scratchFolder } from '../real/scratch.ts';
import { behaves } from './behaviour.ts';
import { startFront } from './front.ts';
import { answersAt } from './fixture.ts';

const nginx = await partOrSkip('nginx');

describe.skipIf(nginx === undefined)('nginx, as its page configures it', () => {
  behaves(() => startFront('docs/proxies/nginx.md', async (block, ports) => startNginx(block('nginx'), ports.proxy)), {
    preflights: true,
    removesClaims: false,
    showsRates: true,
  });
});

/** @param http what the block `http` has */
export async function startNginx(http: string, port: number) {
  const folder = scratchFolder('nginx');
  const file = join(folder, 'nginx.conf');
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${folder}/${name};`,
  );
  mkdirSync(join(folder, 'logs'));
  const user = process.getuid?.() === 0 ? 'user root;' : '';
  const events = 'worker_processes 1; events { worker_connections 256; }';
  const main = `daemon off; ${user} pid ${folder}/pid; error_log stderr warn; ${events}`;
  writeFileSync(file, `${main}\nhttp { access_log off; ${temporary.join(' ')}\n${http}\n}\n`);
  const program = await startProcess(nginx ?? 'nginx', ['-e', 'stderr', '-p', folder, '-c', file]);
  await untilReady('nginx', program, () => answersAt(port));
  return program;
}
