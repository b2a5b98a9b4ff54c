import type { ConditionSource } from '../policy/rules.ts';
import type { Policy } from '../policy/policy.ts';
import { canonicalHeaderName } from '../request/header-name.ts';
import type { Bound } from '../snapshot/snapshot.ts';
import { RuleLogic } from './rule-logic.ts';
import type { RuleFormula, ScopeOf } from './rule-logic.ts';
import { satisfiable } from './satisfiable.ts';
import type { Clause, Literal } from './satisfiable.ts';

// Which requests no policy authenticates. Rules are held against each other as formulas: a header that callers choose may
// have any value, and so may path, method and host. Where nothing is found, there is no such request.

/** A rule by which callers choose whether anybody authenticates them. */
export interface ChosenRule {
  readonly bound: Bound<Policy>;
  /** The index of the rule. */
  readonly rule: number;
  /** The headers that callers choose, as the rule has them in lower case. */
  readonly headers: readonly string[];
}

/**
 * The rules of authenticating policies that apply, or not, as callers choose a header, where some request then meets no
 * authenticating policy although another of the same path, method and host would.
 * @param owned canonical names of headers that policies set and callers can't
 */
export function chosenRules(policies: readonly Bound<Policy>[], owned: ReadonlySet<string>): readonly ChosenRule[] {
  const all = policies.filter(authenticates);
  // Mostly nothing depends on a header, or something authenticates every request.
  if (all.some(({ rules }) => rules === undefined) || !all.some(({ rules }) => rules?.headers.length)) return [];
  const logic = new RuleLogic();
  const rules = all.flatMap((bound, index) =>
    (bound.rules?.sources ?? []).map((source, rule) => {
      return { bound, rule, formula: logic.formulaOf(source, scopeOf(index, owned)) };
    }),
  );
  const noneApplies = rules.flatMap(({ formula }) => refuting(formula, logic));
  const background = [...noneApplies, ...logic.implications()];
  return rules.flatMap(({ bound, rule, formula }) => {
    const isChosen = (literal: Literal): boolean => {
      const header = logic.headerOf(literal);
      if (header === undefined || bound.rules?.trustedHeaders.has(header) === true) return false;
      return !owned.has(canonicalHeaderName(header));
    };
    const chosen = [...formula.all, ...formula.none.flat()].filter(isChosen);
    if (chosen.length === 0) return [];
    // Path, method and host are such that the rule applies where the headers do.
    const fits: Clause[] = [
      ...formula.all.filter((literal) => !isChosen(literal)).map((literal) => [literal]),
      ...formula.none.filter((list) => !list.some(isChosen)).map((list) => list.map((literal) => -literal)),
    ];
    if (satisfiable([...background, ...fits]) === undefined) return [];
    const headers = new Set(chosen.map((literal) => logic.headerOf(literal) ?? ''));
    return [{ bound, rule, headers: [...headers] }];
  });
}

/** Whether some request meets no authenticating policy, and none of the conditions under which that is meant to be so. */
export function leavesOpen(
  policies: readonly Bound<Policy>[],
  meant: readonly ConditionSource[],
  owned: ReadonlySet<string>,
): boolean {
  const all = policies.filter(authenticates);
  if (all.some(({ rules }) => rules === undefined)) return false;
  const logic = new RuleLogic();
  const formulas = [
    ...all.flatMap(({ rules }, index) =>
      (rules?.sources ?? []).map((source) => logic.formulaOf(source, scopeOf(index, owned))),
    ),
    ...meant.map((source) => logic.formulaOf(source, () => 0)),
  ];
  const none = formulas.flatMap((formula) => refuting(formula, logic));
  return satisfiable([...none, ...logic.implications()]) !== undefined;
}

/** A header that policies set may be there for a later policy and not for an earlier one. */
function scopeOf(index: number, owned: ReadonlySet<string>): ScopeOf {
  return (header) => (owned.has(canonicalHeaderName(header)) ? index + 1 : 0);
}

/** Enforced, whatever its phase: `rate-limiting-sla` lets nobody pass without credentials either. */
export function authenticates({ mode, policy }: Bound<Policy>): boolean {
  return mode === 'enforce' && policy.authenticates !== undefined;
}

/** Clauses that hold where the rule does not match. */
function refuting({ all, none }: RuleFormula, logic: RuleLogic): readonly Clause[] {
  const clauses: Clause[] = [];
  const either: Literal[] = all.map((literal) => -literal);
  for (const list of none) {
    // It stands for the whole list: where it is true, all of it holds.
    const whole = logic.fresh();
    either.push(whole);
    for (const literal of list) clauses.push([-whole, literal]);
  }
  return [...clauses, either];
}
