import { RE2JS } from 're2js';
import type { Overload, Overloads, Prepare } from './overload.ts';
import { ANY_LIST, ANY_MAP } from './type.ts';
import { sizeOf } from './value.ts';
import type { JsonMap, MapValue, Value } from './value.ts';

/** The longest text, in characters, that an expression may make. A longer one is a failure. */
const LONGEST_TEXT = 65_536;
/** The most items that `split` may make. */
const MOST_PARTS = 10_000;
/** An automaton of more steps takes milliseconds for a short text. */
const MOST_STEPS = 1000;
/** Steps of the automaton times characters. */
const MOST_WORK = 1_000_000;
/** Work of an automaton that takes 20 ns in the worst case. */
const WORK_A_UNIT = 16;

const SURROGATE = /[\ud800-\udfff]/;

/** Characters are counted as code points. */
function lengthOf(text: string): number {
  return SURROGATE.test(text) ? Array.from(text).length : text.length;
}

function slice(text: string, start: bigint, end: bigint | undefined): string | undefined {
  const points = SURROGATE.test(text) ? Array.from(text) : undefined;
  const length = points?.length ?? text.length;
  const [from, to] = [Number(start), end === undefined ? length : Number(end)];
  if (from < 0 || from > to || to > length) return undefined;
  return points === undefined ? text.slice(from, to) : points.slice(from, to).join('');
}

function indexOf(text: string, part: string, start: bigint): bigint | undefined {
  const from = Number(start);
  if (from < 0 || from > lengthOf(text)) return undefined;
  const units = SURROGATE.test(text) ? Array.from(text).slice(0, from).join('').length : from;
  const found = text.indexOf(part, units);
  return BigInt(found < 0 ? found : lengthOf(text.slice(0, found)));
}

function bounded(text: string): string | undefined {
  return text.length > LONGEST_TEXT ? undefined : text;
}

function replaced(text: string, part: string, by: string): string | undefined {
  const parts = text.split(part, MOST_PARTS + 1);
  if (parts.length > MOST_PARTS || text.length + parts.length * by.length > LONGEST_TEXT) return undefined;
  return parts.join(by);
}

function split(text: string, by: string): readonly string[] | undefined {
  const parts = text.split(by, MOST_PARTS + 1);
  return parts.length > MOST_PARTS ? undefined : parts;
}

function join(list: readonly Value[], by: string): string | undefined {
  return list.every((item) => typeof item === 'string') ? bounded(list.join(by)) : undefined;
}

const ofTexts = (call: (text: string, part: string) => boolean): readonly Overload[] => [
  {
    isMethod: true,
    args: ['string', 'string'],
    result: 'bool',
    call: (text: string, part: string) => call(text, part),
  },
];
const changing = (call: (text: string) => string): readonly Overload[] => [
  { isMethod: true, args: ['string'], result: 'string', call: (text: string) => call(text) },
];

const sizes = (isMethod: boolean): readonly Overload[] => [
  { isMethod, args: ['string'], result: 'int', call: (text: string) => BigInt(lengthOf(text)) },
  { isMethod, args: ['bytes'], result: 'int', call: (bytes: Uint8Array) => BigInt(bytes.length) },
  { isMethod, args: [ANY_LIST], result: 'int', call: (list: readonly Value[]) => BigInt(list.length) },
  { isMethod, args: [ANY_MAP], result: 'int', call: (map: MapValue | JsonMap) => BigInt(sizeOf(map)) },
];

export const TEXT_OVERLOADS: Overloads = {
  size: [...sizes(false), ...sizes(true)],
  contains: ofTexts((text, part) => text.includes(part)),
  startsWith: ofTexts((text, part) => text.startsWith(part)),
  endsWith: ofTexts((text, part) => text.endsWith(part)),
  // The pattern is a constant, so only prepared functions call this.
  matches: [
    { isMethod: true, args: ['string', 'string'], result: 'bool', call: () => undefined },
    { args: ['string', 'string'], result: 'bool', call: () => undefined },
  ],
  lowerAscii: changing((text) => text.replaceAll(/[A-Z]+/g, (part) => part.toLowerCase())),
  upperAscii: changing((text) => text.replaceAll(/[a-z]+/g, (part) => part.toUpperCase())),
  trim: changing((text) => text.trim()),
  replace: [
    {
      isMethod: true,
      args: ['string', 'string', 'string'],
      result: 'string',
      call: (text: string, part: string, by: string) => replaced(text, part, by),
    },
  ],
  split: [
    {
      isMethod: true,
      args: ['string', 'string'],
      result: { list: 'string' },
      call: (text: string, by: string) => split(text, by),
    },
  ],
  join: [
    { isMethod: true, args: [ANY_LIST], result: 'string', call: (list: readonly Value[]) => join(list, '') },
    {
      isMethod: true,
      args: [ANY_LIST, 'string'],
      result: 'string',
      call: (list: readonly Value[], by: string) => join(list, by),
    },
  ],
  substring: [
    {
      isMethod: true,
      args: ['string', 'int'],
      result: 'string',
      call: (text: string, start: bigint) => slice(text, start, undefined),
    },
    {
      isMethod: true,
      args: ['string', 'int', 'int'],
      result: 'string',
      call: (text: string, start: bigint, end: bigint) => slice(text, start, end),
    },
  ],
  indexOf: [
    {
      isMethod: true,
      args: ['string', 'string'],
      result: 'int',
      call: (text: string, part: string) => indexOf(text, part, 0n),
    },
    {
      isMethod: true,
      args: ['string', 'string', 'int'],
      result: 'int',
      call: (text: string, part: string, start: bigint) => indexOf(text, part, start),
    },
  ],
};

/** Matches RE2 anywhere in the text, in linear time for any input. A text that would take too long is a failure. */
export const TEXT_PREPARED: Readonly<Record<string, Prepare>> = {
  matches(constants, fault) {
    const pattern = constants[1];
    if (typeof pattern !== 'string')
      return fault('the pattern is written out: one that requests choose could cost too much');
    let compiled: RE2JS;
    try {
      compiled = RE2JS.compile(pattern);
    } catch (error) {
      return fault(`${JSON.stringify(pattern)} is no RE2 expression: ${(error as Error).message}`);
    }
    const steps = compiled.programSize();
    if (steps > MOST_STEPS) return fault(`the pattern has ${steps} steps, and may have ${MOST_STEPS}`);
    const longest = Math.floor(MOST_WORK / steps);
    return {
      call(value) {
        const text = value as string;
        return text.length > longest ? undefined : compiled.test(text);
      },
      weigh: (value) => ((value as string).length * steps) / WORK_A_UNIT,
    };
  },
};
