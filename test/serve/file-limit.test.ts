import { once } from 'node:events';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { api, documentsFolder } from '../e2e/documents.ts';
import { main } from '../real/ostiary.ts';
import { startProcess, untilReady } from '../real/process.ts';
import type { RealProcess } from '../real/process.ts';
import { freePort } from '../real/scratch.ts';

let service: RealProcess | undefined;
const sockets: Socket[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await service?.stop();
});

it.skipIf(process.platform !== 'linux')(
  'with 300 files and 400 idle connections metrics are answered, and documents reloaded',
  async () => {
    const policies = documentsFolder([api('orders')]);
    const [port, adminPort, apiPort] = [await freePort(), await freePort(), await freePort()];
    const listening = ['--listen', port, '--admin-listen', adminPort, '--api-listen', apiPort].map((part) =>
      typeof part === 'number' ? `127.0.0.1:${part}` : part,
    );
    const command = [process.execPath, main, 'serve', '--policies', policies, ...listening];
    service = await startProcess('sh', ['-c', 'ulimit -n 300; exec "$@"', 'sh', ...command]);
    const ready = async (): Promise<boolean> => (await fetch(`http://127.0.0.1:${adminPort}/readyz`)).ok;
    await untilReady('ostiary', service, ready);
    for (const target of [port, apiPort]) {
      for (let opened = 0; opened < 400; opened++) {
        const socket = connect(target, '127.0.0.1').on('error', () => {});
        sockets.push(socket);
        await once(socket, 'connect');
      }
    }
    expect(await ready()).toBe(true);
    const told = await fetch(`http://127.0.0.1:${apiPort}/ostiary.v1.InspectionService/ListApis`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{}',
    });
    expect(told.status).toBe(200);
    expect(service.output()).not.toContain('EMFILE');
  },
);
