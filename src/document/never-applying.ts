import { compilePattern } from '../policy/rules.ts';
import type { RuleSource } from '../policy/rules.ts';
import { nameOfHost } from '../request/host.ts';
import { withMembers } from './ineffective-options.ts';
import type { PlacedPolicy } from './ineffective-options.ts';
import type { Issue } from './issues.ts';
import { RuleLogic } from './rule-logic.ts';
import { Formula } from './satisfiable.ts';
import type { Warnings } from './warnings.ts';

// Policies that are valid and that no request ever meets. Only what is certain is told.

/** Of those that AWS, WebDAV and HTTP itself know: others are rare, and so are rules for them. */
const METHODS = (
  'ACL BASELINE-CONTROL BIND CHECKIN CHECKOUT CONNECT COPY DELETE GET HEAD LABEL LINK LOCK MERGE MKACTIVITY MKCALENDAR ' +
  'MKCOL MOVE OPTIONS ORDERPATCH PATCH POST PROPFIND PROPPATCH PURGE PUT QUERY REBIND REPORT SEARCH TRACE UNBIND ' +
  'UNCHECKOUT UNLINK UNLOCK UPDATE VERSION-CONTROL VIEW'
).split(' ');

/** Rules that contradict themselves, and conditions that are `false`. */
export function tellContradictions(policies: readonly PlacedPolicy[], warnings: Warnings): void {
  for (const { bound, place, path } of withMembers(policies)) {
    const tell = (field: readonly PropertyKey[], message: string): void => {
      warnings.add(place, [{ path: [...path, ...field], at: 'value', message } satisfies Issue]);
    };
    if (bound.when?.source.trim() === 'false') tell(['when'], 'is never true, so the policy never applies: remove it');
    for (const [index, rule] of (bound.rules?.sources ?? []).entries()) {
      const why = contradictionIn(rule);
      if (why !== undefined) tell(['rules', index], `matches no request, since ${why}: the policy never applies by it`);
    }
  }
}

function contradictionIn(rule: RuleSource): string | undefined {
  // Of a list somebody else has told.
  if (rule.methods?.includes(',') === false && !METHODS.some(compilePattern(rule.methods, 'any case'))) {
    return `there is no method ${rule.methods}`;
  }
  if (rule.not === undefined && rule.absentHeaders === undefined) return undefined;
  const logic = new RuleLogic();
  const { all, none } = logic.formulaOf(rule, () => 0);
  const holds = new Formula([...none.map(({ whole }) => [-whole]), ...logic.background()]).mayHold(all);
  return holds ? undefined : 'its conditions exclude each other';
}

/**
 * Rules of an API's own policies for hosts that the API does not have. A policy that is bound to several APIs may have a
 * rule for each.
 * @param hosts of the API, as requests are compared with them; empty: any
 */
export function tellForeignHosts(own: readonly PlacedPolicy[], hosts: readonly string[], warnings: Warnings): void {
  if (hosts.length === 0 || hosts.some((host) => host.startsWith('*'))) return;
  for (const { bound, place, path } of own) {
    for (const [index, { host }] of (bound.rules?.sources ?? []).entries()) {
      if (host === undefined) continue;
      const matches = compilePattern(host, 'any case');
      if (hosts.some((each) => matches(nameOfHost(each)))) continue;
      const message = `matches no host of the API (${hosts.slice(0, 5).join(', ')}), so the policy never applies by this rule`;
      warnings.add(place, [{ path: [...path, 'rules', index, 'host'], at: 'value', message }]);
    }
  }
}
