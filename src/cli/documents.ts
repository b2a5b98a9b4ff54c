import { randomBytes } from 'node:crypto';
import { systemClock } from '../clock.ts';
import type { BroughtKeys } from '../contract/api-key.ts';
import { compile } from '../document/compile.ts';
import type { CompiledOnce as Compiled } from '../document/compile.ts';
import type { CompleteSet } from '../document/document-set.ts';
import { systemFiles } from '../file-access.ts';
import { policyKinds } from '../policies/index.ts';
import type { HostMatching } from '../request/host.ts';
import { offlineEnvironment } from '../serve/offline-environment.ts';
import type { Outwards } from '../serve/offline-environment.ts';
import { loadDocuments } from '../source/load-documents.ts';

/** Loads and compiles documents once, for the commands that do not serve. */
export async function loadOnce(
  directories: readonly string[],
  env: NodeJS.ProcessEnv,
  outwards: Outwards,
  hosts: HostMatching,
  broughtKeys?: BroughtKeys,
): Promise<Compiled & { close(): void }> {
  return compileOnce(await loadDocuments(directories, { clock: systemClock }), env, outwards, hosts, broughtKeys);
}

/** Compiles documents once. */
export async function compileOnce(
  loaded: CompleteSet,
  env: NodeJS.ProcessEnv,
  outwards: Outwards,
  hosts: HostMatching,
  broughtKeys?: BroughtKeys,
): Promise<Compiled & { close(): void }> {
  const { environment, close } = offlineEnvironment(outwards, randomBytes, broughtKeys);
  const compiled = await compile(loaded, {
    policyKinds,
    environment,
    env,
    readFile: (path, maxBytes) => systemFiles.read(path, maxBytes),
    clock: systemClock,
    hosts,
  });
  return { ...compiled, close };
}
