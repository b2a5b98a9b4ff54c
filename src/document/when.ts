import { compileCondition } from '../policy/condition.ts';
import type { Condition } from '../policy/condition.ts';
import type { Issue } from './issues.ts';

/** The condition of a policy or a group. */
export function compileWhen(source: string | undefined): {
  readonly when: Condition | undefined;
  readonly issues: readonly Issue[];
} {
  if (source === undefined) return { when: undefined, issues: [] };
  try {
    return { when: compileCondition(source), issues: [] };
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return { when: undefined, issues: [{ path: ['when'], at: 'value', message: error.message }] };
  }
}
