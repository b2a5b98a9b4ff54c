import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { openShop } from '../../bench/shop.ts';
import { RawClient } from '../grpc/client.ts';
import { sample } from '../http2/process-growth.ts';
import { askOnce } from '../http2/soak-callers.ts';
import { startOstiary } from '../real/ostiary.ts';
import type { RealOstiary } from '../real/ostiary.ts';
import { apiAttacks, grpcAttacks, Held } from './attacks.ts';
import type { Attack } from './attacks.ts';

/** What one attack may add to the process, garbage that is not collected yet included. */
const MOST_GROWTH_MEGABYTES = { http2: 140, 'grpc-js': 190 } as const;
/** With the modules that the operator's API loads at its first call, some 25 MB from the sources. */
const MOST_GROWTH_OF_API_MEGABYTES = 170;

/** Of attacks that go on until they are ended. */
const ATTACK_SECONDS = Number(process.env['ATTACK_SECONDS'] ?? 3);

async function suffer(transport: 'http2' | 'grpc-js', attack: Attack, portOf: (real: RealOstiary) => number) {
  const { policies, checkOf } = await openShop(10);
  const ostiary = await startOstiary({ policies, args: ['--transport', transport, '--log-level', 'silent'] });
  const held = new Held();
  const { pid, listen } = ostiary;
  const before = sample(pid, 0).residentMegabytes;
  let most = 0;
  const watching = setInterval(() => (most = Math.max(most, sample(pid, 0).residentMegabytes)), 50);
  try {
    await attack(portOf(ostiary), held, ATTACK_SECONDS);
    await sleep(2000);
    clearInterval(watching);
    // Someone else is answered while the attack holds what it has. grpc-js works at answers that nobody reads for so
    // long that others wait for it.
    if (transport === 'grpc-js' && attack === grpcAttacks['unreadAnswers']) {
      held.close();
      await sleep(1000);
    }
    const [host = '', port = ''] = listen.split(':');
    const client = new RawClient({ kind: 'tcp', host, port: Number(port) });
    // grpc-js is busy with what is left of the attack, for longer on a machine that has other work.
    expect(await askOnce(client, checkOf(''), transport === 'grpc-js' ? 60_000 : 10_000)).toBe(0);
    client.close();
    return most - before;
  } finally {
    clearInterval(watching);
    held.close();
    await ostiary.stop();
  }
}

const grpcPort = ({ listen }: RealOstiary): number => Number(listen.split(':')[1]);
const apiPort = ({ apiUrl }: RealOstiary): number => Number(new URL(apiUrl).port);

// Two side by side, each on a process of its own: they wait for half of the time.
describe.concurrent.each(['http2', 'grpc-js'] as const)('on %s', (transport) => {
  it.each(Object.entries(grpcAttacks))('%s costs bounded memory, and others are answered', async (_name, attack) => {
    expect(await suffer(transport, attack, grpcPort)).toBeLessThan(MOST_GROWTH_MEGABYTES[transport]);
  });
});

describe.concurrent("at the operator's API", () => {
  it.each(Object.entries(apiAttacks))('%s costs bounded memory, and others are answered', async (_name, attack) => {
    expect(await suffer('http2', attack, apiPort)).toBeLessThan(MOST_GROWTH_OF_API_MEGABYTES);
  });
});
