import { describe, expect, it } from 'vitest';
import { helpText } from '../../src/cli/help.ts';
import { UserError } from '../../src/errors.ts';
import { duration, fraction, integer, list, oneOf, parseFlags, text, toggle, withVariables } from '../../src/flags.ts';

const flags = withVariables({
  listenMode: text('0660', 'MODE', 'the mode'),
  policies: list(['policies'], 'DIR', 'the documents'),
  json: toggle('for scripts'),
  unmatched: oneOf('deny', ['deny', 'allow'], 'what becomes of others'),
  hops: integer(0, 0, 9, 'how many'),
  rate: fraction(0.5, 'how often'),
  drain: duration(5000, 'how long', { minimumMs: 1 }),
});

function failure(argv: readonly string[], environment: Record<string, string> = {}): UserError {
  try {
    parseFlags(flags, argv, environment);
  } catch (error) {
    if (error instanceof UserError) return error;
    throw error;
  }
  throw new Error('expected a failure');
}

describe('flags', () => {
  it('have defaults', () => {
    expect(parseFlags(flags, [], {}).values).toEqual({
      listenMode: '0660',
      policies: ['policies'],
      json: false,
      unmatched: 'deny',
      hops: 0,
      rate: 0.5,
      drain: 5000,
    });
  });

  it('are read from the command line', () => {
    const argv = [
      '--policies',
      'a',
      '--policies=b',
      '--json',
      '--unmatched',
      'allow',
      '--drain',
      '500ms',
      'rest',
      '--rate=.1',
    ];
    const { values, positionals } = parseFlags(flags, argv, {});
    expect(values).toMatchObject({ policies: ['a', 'b'], json: true, unmatched: 'allow', drain: 500, rate: 0.1 });
    expect(positionals).toEqual(['rest']);
  });

  it('are read from the environment where the command line is silent', () => {
    const environment = {
      OSTIARY_LISTEN_MODE: '0600',
      OSTIARY_POLICIES: 'a,b',
      OSTIARY_HOPS: '2',
      OSTIARY_JSON: 'true',
    };
    expect(parseFlags(flags, ['--hops', '3'], environment).values).toMatchObject({
      listenMode: '0600',
      policies: ['a', 'b'],
      hops: 3,
      json: true,
    });
    expect(parseFlags(flags, [], { OSTIARY_JSON: 'false' }).values.json).toBe(false);
  });

  it.each([
    [['--unmatched', 'maybe'], /--unmatched is "maybe": expected one of deny, allow/],
    [['--hops', '10'], /--hops is "10": expected an integer from 0 to 9/],
    [['--drain', '5'], /--drain is "5": expected a duration with its unit/],
    [['--rate', '2'], /--rate is "2": expected a number from 0 to 1/],
    [['--polices', 'x'], /unknown flag --polices: did you mean --policies\?/],
    [['--frobnicate'], /unknown flag --frobnicate: see --help/],
    [['-m'], /unknown flag -m: see --help/],
    [['--policies'], /--policies/],
    [['--policies', 'a', '--policies='], /--policies is "": expected a value: it is empty/],
    [['--listen-mode', ''], /--listen-mode is "": expected a value/],
    [['--drain', '0s'], /--drain is "0s": expected a duration from 1ms to 24h/],
    [['--drain', '25h'], /expected a duration from 1ms to 24h/],
    [['--drain', '0.5ms'], /expected whole milliseconds/],
  ])('%j is a usage error that says what was expected', (argv, message) => {
    const error = failure(argv);
    expect(error.message).toMatch(message);
    expect(error.message).not.toContain('\n');
    expect(error.exitCode).toBe(2);
  });

  it.each([
    [['--hops', '-1'], '--hops has no value: one that begins with a dash is written --hops=-1'],
    [
      ['--listen-mode', '--json'],
      '--listen-mode has no value: one that begins with a dash is written --listen-mode=--json',
    ],
    [['--hops=-1'], '--hops is "-1": expected an integer from 0 to 9'],
    [['--hops'], '--hops has no value: see --help'],
    [['--json=yes'], '--json takes no value'],
  ])('say in our own words what is wrong with %j', (argv, message) => {
    expect(failure(argv)).toMatchObject({ message, exitCode: 2 });
  });

  it('without a variable do not read the environment', () => {
    const alone = { hops: integer(0, 0, 9, 'how many') };
    expect(parseFlags(alone, [], { OSTIARY_HOPS: '2' }).values.hops).toBe(0);
  });

  it('without a variable are given once; of a setting with one the last holds', () => {
    const alone = { hops: integer(0, 0, 9, 'how many') };
    expect(() => parseFlags(alone, ['--hops', '1', '--hops', '2'], {})).toThrow(
      '--hops is given twice: it takes one value',
    );
    expect(parseFlags(flags, ['--hops', '1', '--hops', '2'], {}).values.hops).toBe(2);
  });

  it('tell which of them the command line gives', () => {
    expect(parseFlags(flags, ['--hops', '2'], { OSTIARY_JSON: 'true' }).given).toEqual(new Set(['hops']));
  });

  it('name the variable where the environment is wrong', () => {
    expect(failure([], { OSTIARY_HOPS: 'many' }).message).toMatch(/^OSTIARY_HOPS is "many": expected an integer/);
  });

  it('are told by --help with default and variable', () => {
    expect(parseFlags(flags, ['--help'], {}).help).toBe(true);
    const help = helpText({ usage: 'x', summary: 'Does x.', examples: [], flags });
    expect(help).toContain('--listen-mode MODE\n      the mode (default 0660) [OSTIARY_LISTEN_MODE]');
    expect(help).toContain('how long (default 5s)');
  });
});
