import type { Condition } from '../policy/condition.ts';
import type { Policy } from '../policy/policy.ts';
import type { ConditionSource } from '../policy/rules.ts';
import { canonicalHeaderName } from '../request/header-name.ts';
import type { Bound } from '../snapshot/snapshot.ts';
import { RuleLogic } from './rule-logic.ts';
import type { RuleFormula, ScopeOf } from './rule-logic.ts';
import { Formula } from './satisfiable.ts';
import type { Clause, Literal } from './satisfiable.ts';

// Finds requests that no policy authenticates. Rules are compared as logical formulas: path, method, host and headers
// that callers choose may have any value, and a condition in CEL may be true or false, whatever it says. If nothing
// is found, there is no such request.

/** A rule or a condition with which callers choose whether they are authenticated. */
export interface ChosenRule {
  readonly bound: Bound<Policy>;
  /** The index of the rule; undefined for `when`. */
  readonly rule: number | undefined;
  /** What it reads that callers choose, such as `the header x-a`. */
  readonly looksAt: readonly string[];
}

interface Rule {
  readonly bound: Bound<Policy>;
  readonly rule: number | undefined;
  readonly formula: RuleFormula;
}

/**
 * The rules of authenticating policies that apply, or not, as callers choose a header, if some request then meets no
 * authenticating policy although another of the same path, method and host would.
 * @param owned canonical names of headers that policies set and callers can't
 */
export function chosenRules(policies: readonly Bound<Policy>[], owned: ReadonlySet<string>): readonly ChosenRule[] {
  const all = policies.filter(authenticates);
  // Mostly nothing depends on a header, or something authenticates every request.
  if (all.some(isUnconditional)) return [];
  if (!all.some(({ rules, when }) => when !== undefined || (rules?.headers.length ?? 0) > 0)) return [];
  const logic = new RuleLogic();
  const rules = all.flatMap((bound, index) => rulesOf(bound, logic, index, owned));
  const refuted = rules.map(({ formula }) => refuting(formula));
  const nobody = new Formula([...refuted, ...logic.background()]);
  return rules.flatMap(({ bound, rule, formula }) => {
    const chosenAt = (literal: Literal) => chosenBy(literal, bound, { logic, owned });
    const isChosen = (literal: Literal) => chosenAt(literal).length > 0;
    const looksAt = new Set([...formula.all, ...formula.none.flatMap(({ literals }) => literals)].flatMap(chosenAt));
    if (looksAt.size === 0) return [];
    // Path, method and host are such that the rule applies if the headers do.
    const fits = [
      ...formula.all.filter((literal) => !isChosen(literal)),
      ...formula.none.filter(({ literals }) => !literals.some(isChosen)).map(({ whole }) => -whole),
    ];
    return nobody.mayHold(fits) ? [{ bound, rule, looksAt: [...looksAt] }] : [];
  });
}

/** Whether some request meets no authenticating policy, and none of the conditions under which that is intended. */
export function leavesOpen(
  policies: readonly Bound<Policy>[],
  intended: readonly ConditionSource[],
  owned: ReadonlySet<string>,
): boolean {
  const all = policies.filter(authenticates);
  if (all.some(isUnconditional)) return false;
  const logic = new RuleLogic();
  const formulas = [
    ...all.flatMap((bound, index) => rulesOf(bound, logic, index, owned).map(({ formula }) => formula)),
    ...intended.map((source) => logic.formulaOf(source, () => 0)),
  ];
  const none = formulas.map(refuting);
  return new Formula([...none, ...logic.background()]).mayHold([]);
}

/** Enforced, whatever its phase: `rate-limiting-sla` lets nobody pass without credentials either. */
export function authenticates({ mode, policy }: Bound<Policy>): boolean {
  return mode === 'enforce' && policy.authenticates !== undefined;
}

function isUnconditional({ rules, when }: Bound<Policy>): boolean {
  return rules === undefined && when === undefined;
}

/** What a policy applies by: one of its rules, and `when`. */
function rulesOf(bound: Bound<Policy>, logic: RuleLogic, index: number, owned: ReadonlySet<string>): readonly Rule[] {
  const { rules, when } = bound;
  // A header that policies set may be there for a later policy and not for an earlier one.
  const scopeOf: ScopeOf = (header) => (owned.has(canonicalHeaderName(header)) ? index + 1 : 0);
  const conditions = when === undefined ? [] : [logic.literalOf(when, isOfRequestAlone(when) ? 0 : index + 1)];
  if (rules === undefined) return [{ bound, rule: undefined, formula: { all: conditions, none: [] } }];
  return rules.sources.map((source, rule) => {
    const { all, none } = logic.formulaOf(source, scopeOf);
    return { bound, rule, formula: { all: [...all, ...conditions], none } };
  });
}

/**
 * Whether the condition has the same value for every policy of a request: earlier policies may set values in between.
 */
function isOfRequestAlone({ reads }: Condition): boolean {
  return reads.every(({ variable, field }) => variable === 'api' || (variable === 'request' && field !== 'headers'));
}

/** What of `request` callers choose beside headers, at the same path, method and host. */
const CALLERS_OWN: ReadonlyMap<string, readonly string[]> = new Map([
  ['query', ['the query']],
  ['rawPath', ['the query']],
  ['size', ['the size of the body']],
  ['protocol', ['the protocol']],
  ['scheme', ['the scheme']],
  ['id', ['the id of the request']],
]);

/** What callers choose at the same path, method and host, of what a literal is about. */
function chosenBy(
  literal: Literal,
  { trustedHeaders }: Bound<Policy>,
  { logic, owned }: { readonly logic: RuleLogic; readonly owned: ReadonlySet<string> },
): readonly string[] {
  const header = logic.headerOf(literal);
  const isChosen = (name: string) => trustedHeaders?.has(name) !== true && !owned.has(canonicalHeaderName(name));
  if (header !== undefined) return isChosen(header) ? [`the header ${header}`] : [];
  return (logic.expressionOf(literal)?.reads ?? []).flatMap(({ variable, field, key }): readonly string[] => {
    if (variable !== 'request') return [];
    if (field === 'headers') return key === undefined ? ['all headers'] : isChosen(key) ? [`the header ${key}`] : [];
    if (field === undefined) return ['all of the request'];
    return CALLERS_OWN.get(field) ?? [];
  });
}

/** Holds if the rule does not match. */
function refuting({ all, none }: RuleFormula): Clause {
  return [...all.map((literal) => -literal), ...none.map(({ whole }) => whole)];
}
