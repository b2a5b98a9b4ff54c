import { afterEach } from 'vitest';
import { startControl, TestSidecar } from './fixture.ts';
import type { TestControl, TestSidecarOptions } from './fixture.ts';
import type { MemoryLog } from './memory-log.ts';

// What a test opens here is closed after it, the last one first.
const CLOSING: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const each of CLOSING.splice(0).toReversed()) await each.close();
});

export async function control(log: MemoryLog): Promise<TestControl> {
  const started = await startControl(log);
  CLOSING.push(started);
  return started;
}

export function sidecar(of: () => TestControl | undefined, options: TestSidecarOptions): TestSidecar {
  const started = new TestSidecar(of, options);
  CLOSING.push(started);
  return started;
}
