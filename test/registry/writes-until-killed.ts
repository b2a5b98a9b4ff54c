// Writes one resource after the other, and tells of each that was acknowledged: until it is killed.
import type { RegistryPlace } from '../../src/registry/open.ts';
import { ME, openAt, put } from './opened.ts';

const [, , place = '', from = '0', to = '0'] = process.argv;
const { registry, close } = await openAt(JSON.parse(place) as RegistryPlace);

for (let at = Number(from); at < Number(to); at += 1) {
  const name = `n${at}`;
  const { head, changes } = await registry.write([put(name, at)], ME);
  // Of the process before, which was killed when it had written it.
  const revision = changes[0]?.revision ?? (await registry.resources([put(name, at).key]))[0]?.revision;
  process.send?.({ name, revision: revision ?? head.revision });
}
await close();
process.disconnect?.();
