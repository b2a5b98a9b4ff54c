import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { h2load } from '../../bench/h2load.ts';
import { residentMegabytes, startPeer } from '../../bench/server.ts';
import { headers, ids, message, preface, data, rstStream, settings } from './raw-client.ts';

/** Ten minutes show what one does not: SOAK_SECONDS=600. */
const seconds = Number(process.env['SOAK_SECONDS'] ?? 60);
const checkPath = '/envoy.service.auth.v3.Authorization/Check';

it(
  `keeps its memory while connections come and go for ${seconds} s (SOAK_SECONDS)`,
  { timeout: seconds * 1000 + 60_000 },
  async () => {
    const load = await h2load(Buffer.alloc(1700));
    const { process: server, address } = await startPeer('http2-constant');
    const port = Number(address.split(':')[1]);
    const end = performance.now() + seconds * 1000;
    const samples: number[] = [];
    // Half load: batches of some thousand calls with pauses, each on new connections.
    const loading = (async () => {
      while (performance.now() < end) {
        await load({ address, requests: 8000 });
        await sleep(200);
        samples.push(residentMegabytes(server));
      }
    })();
    const rude = (async () => {
      while (performance.now() < end) {
        leaveRudely(port);
        await sleep(5);
      }
    })();
    await Promise.all([loading, rude]);
    await server.stop();
    const third = Math.floor(samples.length / 3);
    const most = (part: readonly number[]): number => Math.max(...part);
    expect(samples.length).toBeGreaterThan(10);
    // The first third warms up.
    expect(most(samples.slice(2 * third))).toBeLessThan(most(samples.slice(third, 2 * third)) * 1.15 + 5);
  },
);

/** Opens calls, cancels some, and is gone without a word. */
function leaveRudely(port: number): void {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => {});
  const calls = ids(5).flatMap((id) => [
    headers(id, checkPath),
    data(id, message(Buffer.alloc(500)).subarray(0, id * 50), 0),
  ]);
  socket.write(Buffer.concat([preface, settings(), ...calls, rstStream(1), rstStream(3)]));
  socket.once('data', () => socket.destroy());
  setTimeout(() => socket.destroy(), 1000);
}
