import { signal } from '@preact/signals';
import type { WhoAmIResponseJson } from '../../../gen/ostiary/v1/people_pb.js';
import { call, callErrorOf, waitForLogin } from '../api/call.ts';
import type { CallError } from '../api/call.ts';
import { whoAmI } from '../api/methods.ts';

/** Who looks at the page; undefined: not known yet. */
export const person = signal<WhoAmIResponseJson | undefined>(undefined);
/** Why it is not known. */
export const problem = signal<CallError | undefined>(undefined);
/** The session ended while the page was open: what is on it stays, and calls wait. */
export const isOver = signal(false);

/** Where a window comes to in which somebody has logged in again. */
export const LOGGED_IN = '/logged-in';
const CHANNEL = 'ostiary';

/** Asks who is logged in; nobody: the page of the login, and back. */
export async function enter(): Promise<void> {
  try {
    person.value = await call(whoAmI, {});
    problem.value = undefined;
  } catch (error) {
    const why = callErrorOf(error);
    if (why.code === 'unauthenticated') return logIn();
    problem.value = why;
    return;
  }
  waitForLogin(loggedInAgain);
}

/** Leaves for the page of the login, and comes back here. */
export function logIn(): void {
  const here = `${location.pathname}${location.search}`;
  location.assign(`/login?return=${encodeURIComponent(here)}`);
}

/** The address of a login in a window of its own, so that this page stays as it is. */
export const LOGIN_BESIDE = `/login?return=${encodeURIComponent(LOGGED_IN)}`;

/** Windows of this console in the same browser hear of each other's logins. */
const telling = typeof BroadcastChannel === 'undefined' ? undefined : new BroadcastChannel(CHANNEL);

telling?.addEventListener('message', () => void lookAgain());
addEventListener('focus', () => void lookAgain());

/** In the window in which somebody has logged in again. */
export function tellLogin(): void {
  // A channel has one origin, ours.
  // oxlint-disable-next-line unicorn/require-post-message-target-origin
  telling?.postMessage('logged in');
}

let waiting: { readonly promise: Promise<void>; resolve(): void } | undefined;

function loggedInAgain(): Promise<void> {
  isOver.value = true;
  waiting ??= Promise.withResolvers<void>();
  return waiting.promise;
}

/** Whether somebody is logged in again, and still the same. */
export async function lookAgain(): Promise<void> {
  if (waiting === undefined) return;
  try {
    const answer = await fetch('/ostiary.v1.PeopleService/WhoAmI', {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-ostiary-csrf': '1' },
      body: '{}',
    });
    if (!answer.ok) return;
    const now = (await answer.json()) as WhoAmIResponseJson;
    // What is on the page is not for somebody else to see.
    if (now.name !== person.value?.name) return location.assign('/');
    person.value = now;
  } catch {
    return;
  }
  isOver.value = false;
  waiting?.resolve();
  waiting = undefined;
}

/** Whether somebody has one of these roles in a team: the page shows what they may, the control plane decides. */
export function hasRole(roles: readonly string[], team?: string): boolean {
  if (person.value?.name === 'bootstrap') return true;
  return (person.value?.roles ?? []).some(
    (held) => roles.includes(held.role ?? '') && (team === undefined || held.team === team || held.team === 'platform'),
  );
}
