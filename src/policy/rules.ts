import { RE2JS } from 're2js';
import { canonicalHeaderName } from '../request/header-name.ts';
import { nameOfHost } from '../request/host.ts';
import { anyValue } from './seen-headers.ts';
import type { SeenHeaders } from './seen-headers.ts';

/** One rule as documents write it: RE2 expressions, each anchored on both ends. */
export interface RuleSource {
  /** Against the normalised path after the API's base path. */
  readonly path?: string | undefined;
  /** Against the method in upper case, such as `GET|HEAD`; one for GET covers HEAD. */
  readonly methods?: string | undefined;
  /** Against the host in lower case, without port and a dot at its end. */
  readonly host?: string | undefined;
  /** By header name; it matches where any value does, and a header that is not sent matches nothing. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/** Compiled `rules` of a binding: OR between them, AND inside one. */
export interface Rules {
  match(request: RuledRequest): boolean;
  /** Those that the rules look at, in lower case, with the index of the rule. */
  readonly headers: readonly { readonly rule: number; readonly name: string; readonly canonical: string }[];
}

/** What rules see of a request. */
export interface RuledRequest extends SeenHeaders {
  /** The normalised path after the API's base path, starting with `/`. */
  readonly path: string;
  /** The same in other readings, any of which may match as well: with parameters kept, encoded slashes taken for slashes. */
  readonly otherPaths: readonly string[];
}

type Test = (request: RuledRequest) => boolean;

/** @throws TypeError that says what is wrong with an expression */
export function compileRules(sources: readonly RuleSource[]): Rules {
  const rules = sources.map(compileRule);
  return {
    match: (request) => rules.some((tests) => tests.every((test) => test(request))),
    headers: sources.flatMap(({ headers = {} }, rule) => {
      return Object.keys(headers).map((name) => {
        return { rule, name: name.toLowerCase(), canonical: canonicalHeaderName(name) };
      });
    }),
  };
}

function compileRule(source: RuleSource): readonly Test[] {
  const tests: Test[] = [];
  if (source.methods !== undefined) {
    // Some servers take methods in any case; a rule must not be slipped past by spelling, nor by its author.
    const matches = compilePattern(source.methods, 'any case');
    tests.push(({ check }) => {
      const method = check.method.toUpperCase();
      return matches(method) || (method === 'HEAD' && matches('GET'));
    });
  }
  if (source.path !== undefined) {
    refusePath(source.path);
    const matches = compilePattern(source.path);
    // Many servers serve `/admin/` as `/admin`: a rule for the one covers the other.
    const covers = (path: string): boolean =>
      matches(path) || (path.length > 1 && path.endsWith('/') && matches(path.slice(0, -1)));
    tests.push(({ path, otherPaths }) => covers(path) || otherPaths.some(covers));
  }
  if (source.host !== undefined) {
    if (source.host.includes(':'))
      throw new TypeError(`${JSON.stringify(source.host)}: rules see the host without its port`);
    const matches = compilePattern(source.host, 'any case');
    tests.push(({ check }) => matches(nameOfHost(check.host)));
  }
  for (const [name, expression] of Object.entries(source.headers ?? {})) {
    const matches = compilePattern(expression);
    const header = name.toLowerCase();
    const canonical = canonicalHeaderName(name);
    tests.push((request) => anyValue(request, header, canonical, matches));
  }
  return tests;
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
/** Steps of the automaton times characters: some 20 ms where each costs its most. */
const MOST_WORK = 1_000_000;

const LITERAL = /^[\w/ :@%=&~!,;'"#<>-]*$/;

/**
 * An RE2 expression, anchored on both ends, `.` for every character: linear time whatever the input.
 * The shapes that almost every rule has need no automaton. A text so long that it would cost too much matches.
 * @throws TypeError that says what is wrong with the expression
 */
export function compilePattern(
  source: string,
  letters: 'as written' | 'any case' = 'as written',
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
    // The flag, not the source in another case: `\w` and `\W` are not the same.
    const pattern = RE2JS.compile(
      source,
      letters === 'any case' ? RE2JS.DOTALL | RE2JS.CASE_INSENSITIVE : RE2JS.DOTALL,
    );
    const steps = pattern.programSize();
    if (steps > MOST_STEPS) throw new TypeError(`it has ${steps} steps, and may have ${MOST_STEPS}`);
    const longest = Math.floor(MOST_WORK / steps);
    // What is too long to be looked at is taken to match: the policy then applies, rather than being slipped past.
    return (text) => text.length > longest || pattern.matches(text);
  } catch (error) {
    throw new TypeError(`${JSON.stringify(source)} is not an RE2 expression: ${(error as Error).message}`, {
      cause: error,
    });
  }
}
