import { randomBytes } from 'node:crypto';
import { systemClock, systemTimers } from '../clock.ts';
import type { BroughtKeys } from '../contract/api-key.ts';
import { compile } from '../document/compile.ts';
import type { CompiledOnce as Compiled } from '../document/compile.ts';
import type { CompleteSet } from '../document/document-set.ts';
import { systemFiles } from '../file-access.ts';
import { createEgress } from '../egress/egress.ts';
import type { EgressRules } from '../egress/rules.ts';
import type { EgressTransport } from '../egress/transport.ts';
import { inquiryDesk } from '../inquiry/open-inquiries.ts';
import { createKeySets } from '../jwt/key-sets.ts';
import { openPasswordChecks } from '../password/open.ts';
import { policyKinds } from '../policies/index.ts';
import type { HostMatching } from '../request/host.ts';
import { loadDocuments } from '../source/load-documents.ts';

/** How what documents name by URL is called. */
export interface Outwards {
  readonly transport: EgressTransport;
  readonly rules: EgressRules;
}

/** For commands that only look at documents: key sets are fetched only by `serve`. */
export const fetchesNothing: EgressTransport = () => Promise.reject(new Error('this command fetches nothing'));

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
  { transport, rules }: Outwards,
  hosts: HostMatching,
  broughtKeys?: BroughtKeys,
): Promise<Compiled & { close(): void }> {
  const keySets = createKeySets({ fetch: transport, clock: systemClock, timers: systemTimers, random: Math.random });
  const passwords = openPasswordChecks(systemClock);
  const compiled = await compile(loaded, {
    policyKinds,
    environment: {
      clock: systemClock,
      keySets,
      egress: createEgress({ transport, timers: systemTimers, rules }),
      inquire: inquiryDesk({
        clock: systemClock,
        timers: systemTimers,
        random: Math.random,
        key: randomBytes(32),
        good: keySets.tokens,
        bad: keySets.refusals,
      }),
      broughtKeys,
      passwords,
    },
    env,
    readFile: (path, maxBytes) => systemFiles.read(path, maxBytes),
    clock: systemClock,
    hosts,
  });
  const close = (): void => {
    keySets.close();
    passwords.close();
  };
  return { ...compiled, close };
}
