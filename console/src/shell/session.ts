import { signal } from '@preact/signals';
import type { WhoAmIResponseJson } from '../../../gen/ostiary/v1/people_pb.js';
import { call, CallError } from '../api/call.ts';
import { whoAmI } from '../api/methods.ts';

/** Who looks at the page; undefined: not known yet. */
export const person = signal<WhoAmIResponseJson | undefined>(undefined);
/** Why it is not known. */
export const problem = signal<CallError | undefined>(undefined);

/** Asks who is logged in; nobody: the page of the login, and back. */
export async function enter(): Promise<void> {
  try {
    person.value = await call(whoAmI, {});
    problem.value = undefined;
  } catch (error) {
    if (error instanceof CallError && error.code === 'unauthenticated') return logIn();
    problem.value = error instanceof CallError ? error : new CallError('unknown', String(error));
  }
}

export function logIn(): void {
  const here = `${location.pathname}${location.search}`;
  location.assign(`/login?return=${encodeURIComponent(here)}`);
}

/** Whether somebody has one of these roles in a team: the page shows what they may, the control plane decides. */
export function hasRole(roles: readonly string[], team?: string): boolean {
  if (person.value?.name === 'bootstrap') return true;
  return (person.value?.roles ?? []).some(
    (held) => roles.includes(held.role ?? '') && (team === undefined || held.team === team || held.team === 'platform'),
  );
}
