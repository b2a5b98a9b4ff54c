// One of the attacks of test/bounds on a listener, or all of them, for so many seconds. Run by attacks.ts, which kills it.
import { setTimeout as sleep } from 'node:timers/promises';
import { apiAttacks, grpcAttacks, Held } from '../test/bounds/attacks.ts';

const [port = '', apiPort = '', wanted = '', seconds = ''] = process.argv.slice(2);
const held = new Held();
const UNTIL = performance.now() + Number(seconds) * 1000;
const attacks = [
  ...Object.entries(grpcAttacks).map(([name, attack]) => ({ name, attack, at: Number(port) })),
  ...Object.entries(apiAttacks).map(([name, attack]) => ({ name: `api ${name}`, attack, at: Number(apiPort) })),
].filter(({ name }) => wanted === 'all' || name === wanted);
if (attacks.length === 0) throw new Error(`no attack is called ${wanted}`);
console.log('started');
while (performance.now() < UNTIL) {
  await Promise.all(attacks.map(({ attack, at }) => attack(at, held, 1).catch(() => undefined)));
  await sleep(200);
  held.close();
  held.sessions.length = held.sockets.length = 0;
}
