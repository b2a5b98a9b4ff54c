import { RE2JS } from 're2js';
import { canonicalHeaderName } from '../request/header-name.ts';
import { nameOfHost } from '../request/host.ts';
import { anyValue, everyValue, seenHeader } from './seen-headers.ts';
import type { SeenHeaders } from './seen-headers.ts';

/** Conditions of a rule: all of them must hold. RE2 expressions, each anchored on both ends. */
export interface ConditionSource {
  /** Against the normalised path after the API's base path. */
  readonly path?: string | undefined;
  /** Against the method in upper case, such as `GET|HEAD`; one for GET covers HEAD. */
  readonly methods?: string | undefined;
  /** Against the host in lower case, without port and a dot at its end. */
  readonly host?: string | undefined;
  /** By header name; it matches if any value matches, and an absent header never matches. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Headers that are not sent. */
  readonly absentHeaders?: readonly string[] | undefined;
}

/** One rule as documents write it. */
export interface RuleSource extends ConditionSource {
  /** None of these may hold. A condition here holds only if it does in every reading and for every value. */
  readonly not?: readonly ConditionSource[] | undefined;
}

/** Compiled `rules` of a binding: OR between them, AND inside one. */
export interface Rules {
  match(request: RuledRequest): boolean;
  readonly sources: readonly RuleSource[];
  /** Those that the rules look at, in lower case, with the index of the rule. */
  readonly headers: readonly { readonly rule: number; readonly name: string; readonly canonical: string }[];
}

/** What rules see of a request. */
export interface RuledRequest extends SeenHeaders {
  /** The normalised path after the API's base path, starting with `/`. */
  readonly path: string;
  /**
   * The same in other readings, any of which may match as well: with parameters kept, with encoded slashes read as
   * slashes.
   */
  readonly otherPaths: readonly string[];
}

type Test = (request: RuledRequest) => boolean;

/**
 * What is not plain may be read in several ways, and lists have several values. A rule that makes a policy apply holds
 * where any of them fits; one that exempts (`not`) where all do. So nobody slips past a policy by spelling.
 */
type Reading = 'any' | 'every';

/** @throws TypeError that says what is wrong with an expression */
export function compileRules(sources: readonly RuleSource[]): Rules {
  const rules = sources.map(compileRule);
  return {
    match: (request) => rules.some((tests) => tests.every((test) => test(request))),
    sources,
    headers: sources.flatMap((source, rule) =>
      headersOf(source).map((name) => ({ rule, name, canonical: canonicalHeaderName(name) })),
    ),
  };
}

/** Lower case: all that the conditions of a rule look at. */
export function headersOf({ headers = {}, absentHeaders = [], not = [] }: RuleSource): readonly string[] {
  const own = [...Object.keys(headers), ...absentHeaders].map((name) => name.toLowerCase());
  return [...new Set([...own, ...not.flatMap(headersOf)])];
}

function compileRule({ not = [], ...source }: RuleSource): readonly Test[] {
  const exemptions = not.map((each) => compileConditions(each, 'every'));
  return [
    ...compileConditions(source, 'any'),
    ...exemptions.map(
      (tests): Test =>
        (request) =>
          !tests.every((test) => test(request)),
    ),
  ];
}

function compileConditions(source: ConditionSource, reading: Reading): readonly Test[] {
  const tests: Test[] = [];
  if (source.methods !== undefined) tests.push(methodTest(source.methods, reading));
  if (source.path !== undefined) tests.push(pathTest(source.path, reading));
  if (source.host !== undefined) {
    if (source.host.includes(':'))
      throw new TypeError(`${JSON.stringify(source.host)}: rules see the host without its port`);
    const matches = compilePattern(source.host, 'any case', reading);
    tests.push(({ check }) => matches(nameOfHost(check.host)));
  }
  for (const [name, expression] of Object.entries(source.headers ?? {})) {
    const matches = compilePattern(expression, 'as written', reading);
    const header = name.toLowerCase();
    const canonical = canonicalHeaderName(name);
    const fits = reading === 'any' ? anyValue : everyValue;
    tests.push((request) => fits(request, header, canonical, matches));
  }
  for (const name of source.absentHeaders ?? []) {
    const header = name.toLowerCase();
    const canonical = canonicalHeaderName(name);
    tests.push((request) => seenHeader(request, header, canonical) === undefined);
  }
  return tests;
}

function methodTest(source: string, reading: Reading): Test {
  const matches = compilePattern(source, 'any case', reading);
  return ({ check }) => {
    // Some servers accept methods in any case: another spelling must not avoid a rule.
    const method = check.method.toUpperCase();
    return matches(method) || (method === 'HEAD' && matches('GET'));
  };
}

function pathTest(source: string, reading: Reading): Test {
  refusePath(source);
  const matches = compilePattern(source, 'as written', reading);
  if (reading === 'every') return ({ path, otherPaths }) => matches(path) && otherPaths.every(matches);
  // Many servers treat `/admin/` like `/admin`, so a rule for one covers the other.
  const covers = (path: string): boolean =>
    matches(path) || (path.length > 1 && path.endsWith('/') && matches(path.slice(0, -1)));
  return ({ path, otherPaths }) => covers(path) || otherPaths.some(covers);
}

/** @throws TypeError where no path could ever match: the policy would silently never run */
function refusePath(source: string): void {
  const quoted = JSON.stringify(source);
  if (/^[\w%;]/.test(source)) throw new TypeError(`${quoted} matches no path: a path starts with /`);
  if (/%[0-9a-f]{2}/i.test(source))
    throw new TypeError(`${quoted}: paths are matched decoded; write the character itself`);
  if (source.includes('//')) throw new TypeError(`${quoted} matches no path: doubled slashes are resolved first`);
  if (source.includes(';')) throw new TypeError(`${quoted} matches no path: parameters (;…) are cut first`);
}

/** An automaton of more steps takes milliseconds for a short path. */
const MOST_STEPS = 1000;
/** Steps of the automaton times characters: some 20 ms in the worst case. */
const MOST_WORK = 1_000_000;

const LITERAL = /^[\w/ :@%=&~!,;'"#<>-]*$/;

/**
 * An RE2 expression, anchored on both ends, where `.` matches every character: it takes linear time for any input.
 * Almost all rules have simple shapes that need no automaton. A text that is too long to match in time counts as a
 * match.
 * @throws TypeError that says what is wrong with the expression
 */
export function compilePattern(
  source: string,
  letters: 'as written' | 'any case' = 'as written',
  reading: Reading = 'any',
): (text: string) => boolean {
  if (source === '.*') return () => true;
  if (letters === 'as written') {
    if (LITERAL.test(source)) return (text) => text === source;
    const prefix = source.slice(0, -2);
    if (source.endsWith('.*') && LITERAL.test(prefix)) return (text) => text.startsWith(prefix);
  }
  const choices = source.split('|').map((choice) => (letters === 'any case' ? choice.toLowerCase() : choice));
  if (choices.every((choice) => LITERAL.test(choice))) {
    return letters === 'any case' ? (text) => choices.includes(text.toLowerCase()) : (text) => choices.includes(text);
  }
  try {
    // Uses the flag instead of changing the case of the source, since `\w` and `\W` differ.
    const pattern = RE2JS.compile(
      source,
      letters === 'any case' ? RE2JS.DOTALL | RE2JS.CASE_INSENSITIVE : RE2JS.DOTALL,
    );
    const steps = pattern.programSize();
    if (steps > MOST_STEPS) throw new TypeError(`it has ${steps} steps, and may have ${MOST_STEPS}`);
    const longest = Math.floor(MOST_WORK / steps);
    // A text that is too long to check counts as a match, and under `not` as none, so the policy applies.
    if (reading === 'every') return (text) => text.length <= longest && pattern.matches(text);
    return (text) => text.length > longest || pattern.matches(text);
  } catch (error) {
    throw new TypeError(`${JSON.stringify(source)} is not an RE2 expression: ${(error as Error).message}`, {
      cause: error,
    });
  }
}
