import type { Attempts } from './attempts.ts';
import type { ProgramLogins, WaitingProgram } from './program-logins.ts';

const TRIES = { most: 10, refillMs: 30_000 } as const;

/**
 * The program that waits with a code, for somebody who is logged in: nobody tries codes for long.
 * @returns how long to wait, or undefined: no program waits with it
 */
export async function findProgram(
  userCode: string,
  person: string,
  {
    attempts,
    programs,
  }: { readonly attempts: Pick<Attempts, 'giveBack' | 'take'>; readonly programs: Pick<ProgramLogins, 'describe'> },
): Promise<WaitingProgram | { readonly waitMs: number } | undefined> {
  const taken = await attempts.take(`code ${person}`, TRIES);
  if ('waitMs' in taken) return taken;
  const program = await programs.describe(userCode);
  if (program !== undefined) await attempts.giveBack(taken);
  return program;
}
