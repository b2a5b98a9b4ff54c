// Asks for one contract after the other, says which are in the log, and tells of them: until it is killed.
import type { RegistryPlace } from '../../src/registry/open.ts';
import { numbered, setting } from './numbered.ts';
import { openWorld } from './world.ts';

const [, , place = '', url = '', from = '0', to = '0'] = process.argv;
const world = await openWorld(JSON.parse(place) as RegistryPlace, { nowMs: Date.UTC(2027, 0, 1) }, {}, 50);
if (from === '0') await world.write(setting(url));
for (let at = Number(from); at < Number(to); at += 1) {
  await world.write([numbered(at)]);
  process.send?.(at);
}
// It tells until it is killed.
setInterval(() => {}, 1000);
