import { parseArgs } from 'node:util';
import { UserError } from './errors.ts';

/** One flag of a command: its default, its meaning, and how its text becomes a value. */
export interface Flag<T> {
  /** What `--help` shows for the value; undefined for a switch. */
  readonly placeholder: string | undefined;
  readonly fallback: T;
  /** The default as `--help` shows it; empty where there is none to show. */
  readonly shown: string;
  readonly repeatable: boolean;
  readonly help: string;
  /** @throws TypeError that says what was expected */
  parse(texts: readonly string[]): T;
}

/** By camel-case name: `listenMode` is `--listen-mode` and `OSTIARY_LISTEN_MODE`. */
export type Flags = Readonly<Record<string, Flag<unknown>>>;
export type FlagValues<F extends Flags> = { readonly [K in keyof F]: F[K] extends Flag<infer T> ? T : never };

export function text<T extends string | undefined>(fallback: T, placeholder: string, help: string): Flag<T | string> {
  return { placeholder, fallback, shown: fallback ?? '', repeatable: false, help, parse: last };
}

export function list(fallback: readonly string[], placeholder: string, help: string): Flag<readonly string[]> {
  return { placeholder, fallback, shown: fallback.join(','), repeatable: true, help, parse: (texts) => texts };
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

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** A duration with its unit, in milliseconds: `500ms`, `2s`, `1m`. */
export function duration(fallbackMs: number, help: string): Flag<number> {
  const parse = (texts: readonly string[]): number => {
    const matched = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(last(texts));
    if (matched === null) throw new TypeError('expected a duration with its unit, such as 500ms or 2s');
    return Number(matched[1]) * (UNIT_MS[matched[2] as string] as number);
  };
  const shown = fallbackMs % 1000 === 0 ? `${fallbackMs / 1000}s` : `${fallbackMs}ms`;
  return { placeholder: 'DURATION', fallback: fallbackMs, shown, repeatable: false, help, parse };
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
}

/**
 * The flags of one command: the command line first, then the environment, then the defaults.
 * @throws UserError (exit 2) that names the flag or the variable, and what it expects
 */
export function parseFlags<F extends Flags>(
  flags: F,
  argv: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): CommandLine<F> {
  const names = new Map(Object.keys(flags).map((key) => [flagName(key), key]));
  const options = Object.fromEntries(
    [...names].map(([name, key]) => [
      name,
      { type: flags[key]?.placeholder === undefined ? ('boolean' as const) : ('string' as const), multiple: true },
    ]),
  );
  const parsed = parseCommandLine(argv, options, [...names.keys()]);
  const values = Object.fromEntries(
    [...names].map(([name, key]) => {
      const flag = flags[key] as Flag<unknown>;
      const given = parsed.values[name];
      if (Array.isArray(given)) return [key, valueOf(flag, given.map(String), `--${name}`)];
      const variable = variableName(key);
      const inherited = environment[variable];
      if (inherited === undefined || inherited === '') return [key, flag.fallback];
      return [key, valueOf(flag, flag.repeatable ? inherited.split(',') : [inherited], variable)];
    }),
  );
  return {
    values: values as FlagValues<F>,
    positionals: parsed.positionals,
    help: parsed.values['help'] !== undefined,
  };
}

function valueOf(flag: Flag<unknown>, texts: readonly string[], origin: string): unknown {
  try {
    return flag.parse(texts);
  } catch (error) {
    throw new UserError(`${origin} is ${JSON.stringify(last(texts))}: ${(error as Error).message}`, 2);
  }
}

function parseCommandLine(
  argv: readonly string[],
  options: Record<string, { type: 'string' | 'boolean'; multiple: boolean }>,
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
    const unknown = /Unknown option '--?([^'\s]+)'/.exec(message)?.[1];
    if (unknown === undefined) throw new UserError(valueFault(message, argv), 2);
    const near = known.find((name) => name.startsWith(unknown) || unknown.startsWith(name) || isNear(name, unknown));
    const hint = near === undefined ? 'see --help' : `did you mean --${near}?`;
    throw new UserError(`unknown flag --${unknown}: ${hint}`, 2);
  }
}

/** In our words what Node says of a flag and its value. */
function valueFault(message: string, argv: readonly string[]): string {
  const name = /Option '(?:-\w, )?(--[\w-]+)/.exec(message)?.[1];
  if (name === undefined) return message.split('\n')[0] ?? '';
  if (message.includes('does not take')) return `${name} takes no value`;
  const next = argv[argv.indexOf(name) + 1];
  return next?.startsWith('-') === true
    ? `${name} has no value: one that begins with a dash is written ${name}=${next}`
    : `${name} has no value: see --help`;
}

/** One letter more, less or other. */
function isNear(a: string, b: string): boolean {
  if (Math.abs(a.length - b.length) > 1) return false;
  let i = 0;
  while (i < a.length && a[i] === b[i]) i++;
  return a.slice(i + 1) === b.slice(i + 1) || a.slice(i) === b.slice(i + 1) || a.slice(i + 1) === b.slice(i);
}

export function flagName(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

export function variableName(key: string): string {
  return `OSTIARY_${flagName(key).replaceAll('-', '_').toUpperCase()}`;
}
