import type { Condition as ExpressionCondition } from '../policy/condition.ts';
import type { ConditionSource, RuleSource } from '../policy/rules.ts';
import type { Clause, Literal } from './satisfiable.ts';

/** A condition of rules: it may hold in any reading of a request, or in every one (`not`). */
interface Condition {
  readonly what: 'path' | 'methods' | 'host' | 'header' | 'present' | 'when' | 'whole';
  /** The name of a header in lower case; otherwise empty. */
  readonly header: string;
  /** The expression; empty if a header must only be present. */
  readonly pattern: string;
  readonly reading: 'any' | 'every';
  /** Conditions are the same in one scope alone. */
  readonly scope: number;
}

/** The scope of a header, lower case: 0 where all rules see the same. */
export type ScopeOf = (header: string) => number;

/** A rule as a formula: it matches where all of `all` hold, and of each of `none` something does not. */
export interface RuleFormula {
  readonly all: readonly Literal[];
  readonly none: readonly Exemption[];
}

export interface Exemption {
  /** Holds where all of it does. */
  readonly whole: Literal;
  readonly literals: readonly Literal[];
}

/**
 * Conditions of rules as variables of one formula. Two expressions are independent of each other, unless one is seen to
 * match no more than the other: so what is proven holds, and what is not proven may hold all the same.
 */
export class RuleLogic {
  readonly #conditions: Condition[] = [];
  readonly #numbers = new Map<string, Literal>();
  readonly #definitions: Clause[] = [];
  readonly #expressions = new Map<Literal, ExpressionCondition>();

  /** @param scopeOf distinguishes headers that two rules may see differently, because policies in between set them */
  formulaOf({ not = [], ...source }: RuleSource, scopeOf: ScopeOf): RuleFormula {
    return {
      all: this.#literalsOf(source, 'any', scopeOf),
      none: not.map((each) => this.#wholeOf(this.#literalsOf(each, 'every', scopeOf))),
    };
  }

  /** One literal for several that all hold. */
  #wholeOf(literals: readonly Literal[]): Exemption {
    const [only] = literals;
    if (only !== undefined && literals.length === 1) return { whole: only, literals };
    this.#conditions.push({ what: 'whole', header: '', pattern: '', reading: 'any', scope: 0 });
    const whole = this.#conditions.length;
    this.#definitions.push([whole, ...literals.map((literal) => -literal)]);
    for (const literal of literals) this.#definitions.push([-whole, literal]);
    return { whole, literals };
  }

  /** A condition in CEL: it holds or not, whatever it looks like. */
  literalOf(when: ExpressionCondition, scope: number): Literal {
    const literal = this.#literal({ what: 'when', header: '', pattern: when.source, reading: 'any', scope });
    this.#expressions.set(literal, when);
    return literal;
  }

  /** The header that a literal depends on; undefined if there is none. */
  headerOf(literal: Literal): string | undefined {
    const condition = this.#conditions[Math.abs(literal) - 1];
    return condition === undefined || condition.header === '' ? undefined : condition.header;
  }

  /** The CEL condition that a literal depends on; undefined if there is none. */
  expressionOf(literal: Literal): ExpressionCondition | undefined {
    return this.#expressions.get(Math.abs(literal));
  }

  /** What holds between the conditions, whatever the request. */
  background(): readonly Clause[] {
    const clauses: Clause[] = [...this.#definitions];
    const alike = Map.groupBy(
      this.#conditions.map((condition, index) => ({ condition, number: index + 1 })),
      ({ condition: { what, header, scope } }) => (header === '' ? what : `${header} ${scope}`),
    );
    for (const group of alike.values()) {
      for (const one of group) {
        for (const other of group) {
          if (one !== other && implies(one.condition, other.condition)) clauses.push([-one.number, other.number]);
        }
      }
    }
    return clauses;
  }

  #literalsOf(source: ConditionSource, reading: Condition['reading'], scopeOf: ScopeOf): readonly Literal[] {
    const literals: Literal[] = [];
    for (const what of ['path', 'methods', 'host'] as const) {
      const pattern = source[what];
      // Every path begins with a slash.
      if (pattern === undefined || pattern === '.*' || (what === 'path' && pattern === '/.*')) continue;
      literals.push(this.#literal({ what, header: '', pattern, reading, scope: 0 }));
    }
    for (const [name, pattern] of Object.entries(source.headers ?? {})) {
      const header = name.toLowerCase();
      const scope = scopeOf(header);
      literals.push(
        pattern === '.*'
          ? this.#present(header, scope)
          : this.#literal({ what: 'header', header, pattern, reading, scope }),
      );
    }
    for (const name of source.absentHeaders ?? []) {
      const header = name.toLowerCase();
      literals.push(-this.#present(header, scopeOf(header)));
    }
    return literals;
  }

  #present(header: string, scope: number): Literal {
    return this.#literal({ what: 'present', header, pattern: '', reading: 'any', scope });
  }

  #literal(condition: Condition): Literal {
    const key = JSON.stringify(condition);
    let number = this.#numbers.get(key);
    if (number === undefined) {
      number = this.#conditions.push(condition);
      this.#numbers.set(key, number);
    }
    return number;
  }
}

/** Where every reading matches, any does; and a header that has a value is present. */
function implies(one: Condition, other: Condition): boolean {
  if (one.what === 'when' || one.what === 'whole') return false;
  if (one.header !== other.header || one.scope !== other.scope) return false;
  if (other.what === 'present') return one.what === 'header';
  if (one.what !== other.what || (one.reading === 'any' && other.reading === 'every')) return false;
  return isWithin(one.what, one.pattern, other.pattern);
}

/** Whether an expression is seen to match nothing that the other does not. */
function isWithin(what: Condition['what'], inner: string, outer: string): boolean {
  if (inner === outer) return true;
  const some = knownChoices(what, inner);
  const others = knownChoices(what, outer);
  if (some === undefined || others === undefined) return false;
  // A rule for GET covers HEAD.
  const coversHead = what === 'methods' && others.some(({ text, isPrefix }) => text === 'get' && !isPrefix);
  const wider = coversHead ? [...others, { text: 'head', isPrefix: false }] : others;
  return some.every((one) => wider.some((other) => isChoiceWithin(one, other)));
}

/** A cache for recent expressions, which come from documents. */
const CHOICES = new Map<string, readonly Choice[] | undefined>();
const MOST_CHOICES = 10_000;

interface Choice {
  readonly text: string;
  /** Matches any following text. */
  readonly isPrefix: boolean;
}

function isChoiceWithin(one: Choice, other: Choice): boolean {
  return other.isPrefix ? one.text.startsWith(other.text) : !one.isPrefix && one.text === other.text;
}

function knownChoices(what: Condition['what'], pattern: string): readonly Choice[] | undefined {
  const key = `${what} ${pattern}`;
  if (!CHOICES.has(key)) {
    if (CHOICES.size >= MOST_CHOICES) CHOICES.clear();
    CHOICES.set(key, choicesOf(what, pattern));
  }
  return CHOICES.get(key);
}

/** Undefined if an expression is more than fixed texts, and fixed texts with anything behind them. */
function choicesOf(what: Condition['what'], pattern: string): readonly Choice[] | undefined {
  const anyCase = what === 'methods' || what === 'host';
  const choices: Choice[] = [];
  for (const part of pattern.split('|')) {
    const isPrefix = part.endsWith('.*') && !part.endsWith('\\.*');
    const text = plainText(isPrefix ? part.slice(0, -2) : part);
    if (text === undefined) return undefined;
    choices.push({ text: anyCase ? text.toLowerCase() : text, isPrefix });
  }
  return choices;
}

/** The one text that an expression matches; undefined where it is not seen to be one. */
function plainText(pattern: string): string | undefined {
  let text = '';
  for (let at = 0; at < pattern.length; at++) {
    let sign = pattern.charAt(at);
    if (sign === '\\') {
      sign = pattern.charAt(++at);
      // A letter or a digit has a meaning of its own behind a backslash.
      if (sign === '' || /[A-Za-z0-9]/.test(sign)) return undefined;
    } else if ('.[](){}*+?^$|'.includes(sign)) {
      return undefined;
    }
    text += sign;
  }
  return text;
}
