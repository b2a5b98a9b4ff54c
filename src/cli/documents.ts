import { systemClock } from '../clock.ts';
import type { BroughtKeys } from '../contract/api-key.ts';
import { compile } from '../document/compile.ts';
import type { CompiledOnce as Compiled } from '../document/compile.ts';
import { systemFiles } from '../file-access.ts';
import type { KeySetRequest } from '../jwt/key-set-fetch.ts';
import { createKeySets } from '../jwt/key-sets.ts';
import { systemTimers } from '../jwt/timers.ts';
import { policyKinds } from '../policies/index.ts';
import type { HostMatching } from '../request/host.ts';
import { loadDocuments } from '../source/load-documents.ts';

/** Loads and compiles documents once, for the commands that do not serve. */
export async function loadOnce(
  directories: readonly string[],
  env: NodeJS.ProcessEnv,
  fetchKeySet: KeySetRequest,
  hosts: HostMatching,
  broughtKeys?: BroughtKeys,
): Promise<Compiled & { close(): void }> {
  const keySets = createKeySets({ fetch: fetchKeySet, clock: systemClock, timers: systemTimers, random: Math.random });
  const loaded = await loadDocuments(directories, { clock: systemClock });
  const compiled = await compile(loaded, {
    policyKinds,
    environment: { clock: systemClock, keySets, broughtKeys },
    env,
    readFile: (path, maxBytes) => systemFiles.read(path, maxBytes),
    clock: systemClock,
    hosts,
  });
  return { ...compiled, close: () => keySets.close() };
}
