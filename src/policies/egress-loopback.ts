import { loopbackProblem } from '../egress/document-url.ts';
import type { EgressRules } from '../egress/rules.ts';
import type { PolicyRemark } from '../policy/policy.ts';
import { upgrade } from '../policy/upgrade-note.ts';
import type { UpgradeNote } from '../policy/upgrade-note.ts';

/** Upgrade notes for an option whose URL names loopback, if the operator has not allowed that. */
export function loopbackNotes(
  field: string | readonly PropertyKey[],
  urls: readonly string[],
  rules: EgressRules,
): readonly UpgradeNote[] {
  const problem = urls.map((url) => loopbackProblem(url, rules)).find((found) => found !== undefined);
  return problem === undefined ? [] : [upgrade('egress-loopback', [field].flat(), problem)];
}

/** The same notes as warnings, for options that did not exist in earlier releases. */
export function loopbackRemarks(field: string, url: unknown, rules: EgressRules): readonly PolicyRemark[] {
  const problem = typeof url === 'string' ? loopbackProblem(url, rules) : undefined;
  return problem === undefined ? [] : [{ path: [field], message: problem }];
}
