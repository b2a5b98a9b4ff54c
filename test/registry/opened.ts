import { randomBytes } from 'node:crypto';
import { systemTimers } from '../../src/clock.ts';
import type { ResourceKey, Write } from '../../src/registry/log.ts';
import { openRegistry } from '../../src/registry/open.ts';
import type { OpenedRegistry, RegistryPlace } from '../../src/registry/open.ts';

export const ME = { actor: 'test', reason: '' };

export async function openAt(place: RegistryPlace, now: () => number = Date.now): Promise<OpenedRegistry> {
  return openRegistry(place, {
    clock: { now, monotonic: () => performance.now() },
    timers: systemTimers,
    random: Math.random,
    randomBytes,
  });
}

export function keyOf(name: string, kind = 'Api', namespace = 'default'): ResourceKey {
  return { kind, namespace, name };
}

export function put(name: string, content: unknown, more: Partial<Write> = {}): Write {
  return { key: keyOf(name), document: { name, content }, owner: 'api', set: '', ...more };
}

export function remove(name: string, more: Partial<Write> = {}): Write {
  return { key: keyOf(name), document: undefined, owner: 'api', set: '', ...more };
}
