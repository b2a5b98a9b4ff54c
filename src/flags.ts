import { parseArgs } from 'node:util';
import { nearest } from './nearest.ts';
import { UserError } from './errors.ts';

/** One flag of a command: its default, its meaning, and how its text becomes a value. */
export interface Flag<T> {
  /** The placeholder of the value in `--help`; undefined for a switch. */
  readonly placeholder: string | undefined;
  /** One letter that stands for its name: `-o`. */
  readonly short?: string;
  readonly fallback: T;
  /** The default as `--help` shows it; empty if there is none to show. */
  readonly shown: string;
  readonly repeatable: boolean;
  readonly help: string;
  /** The environment variable that gives its value if the command line does not: see {@link withVariables}. */
  readonly variable?: string;
  /** @throws TypeError that says what was expected */
  parse(texts: readonly string[]): T;
}

/** By camel-case name: `listenMode` is `--listen-mode`. */
export type Flags = Readonly<Record<string, Flag<unknown>>>;
export type FlagValues<F extends Flags> = { readonly [K in keyof F]: F[K] extends Flag<infer T> ? T : never };

/** Checks the form of a text: returns what was expected if the text is wrong. */
export type Form = (text: string) => string | undefined;

const present: Form = (given) => (given === '' ? 'expected a value: it is empty' : undefined);

export function text<T extends string | undefined>(
  fallback: T,
  placeholder: string,
  help: string,
  form: Form = present,
): Flag<T | string> {
  const parse = (texts: readonly string[]): string => formed(last(texts), form);
  return { placeholder, fallback, shown: fallback ?? '', repeatable: false, help, parse };
}

export function list(
  fallback: readonly string[],
  placeholder: string,
  help: string,
  form: Form = present,
): Flag<readonly string[]> {
  const parse = (texts: readonly string[]): readonly string[] => texts.map((given) => formed(given, form));
  return { placeholder, fallback, shown: fallback.join(','), repeatable: true, help, parse };
}

function formed(given: string, form: Form): string {
  const expected = form(given);
  if (expected !== undefined) throw new FormError(expected, given);
  return given;
}

/** The value in a list that is wrong. */
class FormError extends TypeError {
  readonly given: string;
  constructor(expected: string, given: string) {
    super(expected);
    this.given = given;
  }
}

export function toggle(help: string): Flag<boolean> {
  return {
    placeholder: undefined,
    fallback: false,
    shown: '',
    repeatable: false,
    help,
    parse: (texts) => choice(last(texts), ['true', 'false', '1', '0']).startsWith('t') || last(texts) === '1',
  };
}

export function oneOf<const T extends string>(fallback: NoInfer<T>, values: readonly T[], help: string): Flag<T> {
  const parse = (texts: readonly string[]): T => choice(last(texts), values);
  return { placeholder: values.join('|'), fallback, shown: fallback, repeatable: false, help, parse };
}

export function integer(fallback: number, minimum: number, maximum: number, help: string): Flag<number> {
  const parse = (texts: readonly string[]): number => {
    const value = /^\d+$/.test(last(texts)) ? Number(last(texts)) : NaN;
    if (value >= minimum && value <= maximum) return value;
    throw new TypeError(`expected an integer from ${minimum} to ${maximum}`);
  };
  return { placeholder: 'N', fallback, shown: String(fallback), repeatable: false, help, parse };
}

export function fraction(fallback: number, help: string): Flag<number> {
  const parse = (texts: readonly string[]): number => {
    const value = /^\d*\.?\d+$/.test(last(texts)) ? Number(last(texts)) : NaN;
    if (value <= 1) return value;
    throw new TypeError('expected a number from 0 to 1');
  };
  return { placeholder: 'RATE', fallback, shown: String(fallback), repeatable: false, help, parse };
}

const HOUR_MS = 3_600_000;
const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: HOUR_MS };

const DAY_MS = 86_400_000;

/** A duration with its unit, in whole milliseconds and at most a day: `500ms`, `2s`, `1m`. */
export function duration(fallbackMs: number, help: string, { minimumMs = 0 } = {}): Flag<number> {
  const parse = (texts: readonly string[]): number => {
    const matched = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(last(texts));
    if (matched === null) throw new TypeError('expected a duration with its unit, such as 500ms or 2s');
    const valueMs = Number(matched[1]) * (UNIT_MS[matched[2] as string] as number);
    if (!Number.isInteger(valueMs)) throw new TypeError('expected whole milliseconds');
    if (valueMs >= minimumMs && valueMs <= DAY_MS) return valueMs;
    throw new TypeError(`expected a duration from ${durationText(minimumMs)} to 24h`);
  };
  return {
    placeholder: 'DURATION',
    fallback: fallbackMs,
    shown: durationText(fallbackMs),
    repeatable: false,
    help,
    parse,
  };
}

function durationText(ms: number): string {
  if (ms >= HOUR_MS && ms % HOUR_MS === 0) return `${ms / HOUR_MS}h`;
  return ms % 1000 === 0 ? `${ms / 1000}s` : `${ms}ms`;
}

/**
 * Gives each flag the environment variable of its name: `listenMode` has `OSTIARY_LISTEN_MODE`. A variable belongs to
 * one flag: commands share a flag if its name has the same meaning, and a flag with another meaning has no variable.
 */
export function withVariables<F extends Flags>(flags: F): F {
  const entries = Object.entries(flags).map(([key, flag]) => [key, { ...flag, variable: variableName(key) }]);
  return Object.fromEntries(entries) as F;
}

function last(texts: readonly string[]): string {
  return texts.at(-1) ?? '';
}

function choice<T extends string>(given: string, values: readonly T[]): T {
  const found = values.find((value) => value === given);
  if (found === undefined) throw new TypeError(`expected one of ${values.join(', ')}`);
  return found;
}

export interface CommandLine<F extends Flags> {
  readonly values: FlagValues<F>;
  readonly positionals: readonly string[];
  readonly help: boolean;
  /** Those that the command line itself gives. */
  readonly given: ReadonlySet<keyof F>;
}

/**
 * The flags of one command: the command line first, then its variable in the environment, then the default.
 * @throws UserError (exit 2) that names the flag or the variable, and what it expects
 */
export function parseFlags<F extends Flags>(
  flags: F,
  argv: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): CommandLine<F> {
  const names = new Map(Object.keys(flags).map((key) => [flagName(key), key]));
  const options = Object.fromEntries(
    [...names].map(([name, key]) => {
      const { placeholder, short } = flags[key] as Flag<unknown>;
      const type = placeholder === undefined ? ('boolean' as const) : ('string' as const);
      return [name, { type, multiple: true, ...(short !== undefined && { short }) }];
    }),
  );
  const parsed = parseCommandLine(argv, options, [...names.keys()]);
  const values = Object.fromEntries(
    [...names].map(([name, key]) => {
      const flag = flags[key] as Flag<unknown>;
      const given = parsed.values[name];
      if (Array.isArray(given)) return [key, valueOf(flag, given.map(String), `--${name}`)];
      const inherited = flag.variable === undefined ? undefined : environment[flag.variable];
      if (inherited === undefined || inherited === '') return [key, flag.fallback];
      return [key, valueOf(flag, flag.repeatable ? inherited.split(',') : [inherited], flag.variable ?? name)];
    }),
  );
  return {
    values: values as FlagValues<F>,
    positionals: parsed.positionals,
    help: parsed.values['help'] !== undefined,
    given: new Set([...names].filter(([name]) => Array.isArray(parsed.values[name])).map(([, key]) => key)),
  };
}

function valueOf(flag: Flag<unknown>, texts: readonly string[], origin: string): unknown {
  // With two values, one would silently have no effect. Settings of a service come in layers, such as a chart's and its
  // user's: there the last one counts.
  const isLayered = flag.variable !== undefined;
  if (texts.length > 1 && !flag.repeatable && !isLayered && flag.placeholder !== undefined) {
    throw new UserError(
      `${origin} is given ${texts.length === 2 ? 'twice' : `${texts.length} times`}: it takes one value`,
      2,
    );
  }
  try {
    return flag.parse(texts);
  } catch (error) {
    const wrong = error instanceof FormError ? error.given : last(texts);
    throw new UserError(`${origin} is ${JSON.stringify(wrong)}: ${(error as Error).message}`, 2);
  }
}

function parseCommandLine(
  argv: readonly string[],
  options: Record<string, { type: 'string' | 'boolean'; multiple: boolean; short?: string }>,
  known: readonly string[],
): ReturnType<typeof parseArgs> {
  try {
    return parseArgs({
      args: [...argv],
      options: { ...options, help: { type: 'boolean', short: 'h' } },
      allowPositionals: true,
      strict: true,
    });
  } catch (error) {
    const { message } = error as Error;
    const [, dashes, unknown] = /Unknown option '(--?)([^'\s]+)'/.exec(message) ?? [];
    if (unknown === undefined) throw new UserError(valueFault(message, argv), 2);
    const near = nearest(unknown, known) ?? known.find((name) => name.startsWith(unknown) || unknown.startsWith(name));
    const hint = near === undefined ? 'see --help' : `did you mean --${near}?`;
    throw new UserError(`unknown flag ${dashes}${unknown}: ${hint}`, 2);
  }
}

/** Node's message about a flag and its value, in this program's words. */
function valueFault(message: string, argv: readonly string[]): string {
  const [, short, name] = /Option '(?:(-\w), )?(--[\w-]+)/.exec(message) ?? [];
  if (name === undefined) return message.split('\n')[0] ?? '';
  if (message.includes('does not take')) return `${name} takes no value`;
  const next = argv[argv.findIndex((given) => given === name || given === short) + 1];
  return next?.startsWith('-') === true
    ? `${name} has no value: one that begins with a dash is written ${name}=${next}`
    : `${name} has no value: see --help`;
}

export function flagName(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

export function variableName(key: string): string {
  return `OSTIARY_${flagName(key).replaceAll('-', '_').toUpperCase()}`;
}
