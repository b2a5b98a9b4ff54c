import { int, uint } from './numbers.ts';
import type { Overloads } from './overload.ts';
import { durationText, parseDuration, parseTimestamp, timestamp, timestampText } from './times.ts';
import { DURATION, TIMESTAMP } from './type.ts';
import { TypeValue, kindOf } from './value.ts';
import type { Duration, Timestamp, Uint, Value } from './value.ts';

const INTEGER = /^[+-]?\d{1,20}$/;
const DECIMAL = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i;
const TRUTHS: ReadonlyMap<string, boolean> = new Map([
  ...['1', 't', 'T', 'true', 'TRUE', 'True'].map((text) => [text, true] as const),
  ...['0', 'f', 'F', 'false', 'FALSE', 'False'].map((text) => [text, false] as const),
]);

const NANOS_IN_SECOND = 1_000_000_000n;

function integerOf(text: string): bigint | undefined {
  return INTEGER.test(text) ? BigInt(text.replace('+', '')) : undefined;
}

function truncated(value: number): bigint | undefined {
  return Number.isFinite(value) ? BigInt(Math.trunc(value)) : undefined;
}

function orNothing<T>(value: bigint | undefined, make: (value: bigint) => T | undefined): T | undefined {
  return value === undefined ? undefined : make(value);
}

/** Doubles between −2^63 and 2^63, both excluded. Beyond them a double no longer has every integer. */
function intOfDouble(value: number): bigint | undefined {
  return value > -(2 ** 63) && value < 2 ** 63 ? truncated(value) : undefined;
}

const identity = (value: Value): Value => value;
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function decoded(bytes: Uint8Array): string | undefined {
  try {
    return decoder.decode(bytes);
  } catch {
    return undefined;
  }
}

export const CONVERSIONS: Overloads = {
  int: [
    { args: ['int'], result: 'int', call: identity },
    { args: ['uint'], result: 'int', call: ({ value }: Uint) => int(value) },
    { args: ['double'], result: 'int', call: (value: number) => intOfDouble(value) },
    { args: ['string'], result: 'int', call: (value: string) => orNothing(integerOf(value), int) },
    { args: [TIMESTAMP], result: 'int', call: ({ nanos }: Timestamp) => (nanos - mod(nanos)) / NANOS_IN_SECOND },
  ],
  uint: [
    { args: ['uint'], result: 'uint', call: identity },
    { args: ['int'], result: 'uint', call: (value: bigint) => uint(value) },
    {
      args: ['double'],
      result: 'uint',
      call: (value: number) => (value < 0 ? undefined : orNothing(truncated(value), uint)),
    },
    { args: ['string'], result: 'uint', call: (value: string) => orNothing(integerOf(value), uint) },
  ],
  double: [
    { args: ['double'], result: 'double', call: identity },
    { args: ['int'], result: 'double', call: (value: bigint) => Number(value) },
    { args: ['uint'], result: 'double', call: ({ value }: Uint) => Number(value) },
    { args: ['string'], result: 'double', call: (value: string) => (DECIMAL.test(value) ? Number(value) : undefined) },
  ],
  bool: [
    { args: ['bool'], result: 'bool', call: identity },
    { args: ['string'], result: 'bool', call: (value: string) => TRUTHS.get(value) },
  ],
  bytes: [
    { args: ['bytes'], result: 'bytes', call: identity },
    { args: ['string'], result: 'bytes', call: (value: string) => new TextEncoder().encode(value) },
  ],
  string: [
    { args: ['string'], result: 'string', call: identity },
    { args: ['bool'], result: 'string', call: String },
    { args: ['int'], result: 'string', call: String },
    { args: ['uint'], result: 'string', call: ({ value }: Uint) => String(value) },
    { args: ['double'], result: 'string', call: String },
    { args: ['bytes'], result: 'string', call: (value: Uint8Array) => decoded(value) },
    { args: [TIMESTAMP], result: 'string', call: (value: Timestamp) => timestampText(value) },
    { args: [DURATION], result: 'string', call: (value: Duration) => durationText(value) },
  ],
  timestamp: [
    { args: [TIMESTAMP], result: TIMESTAMP, call: identity },
    { args: ['string'], result: TIMESTAMP, call: (value: string) => parseTimestamp(value) },
    { args: ['int'], result: TIMESTAMP, call: (value: bigint) => timestamp(value * NANOS_IN_SECOND) },
  ],
  duration: [
    { args: [DURATION], result: DURATION, call: identity },
    { args: ['string'], result: DURATION, call: (value: string) => parseDuration(value) },
  ],
  type: [{ args: ['dyn'], result: 'type', call: (value: Value) => new TypeValue(kindOf(value)) }],
  dyn: [{ args: ['dyn'], result: 'dyn', call: identity }],
};

function mod(nanos: bigint): bigint {
  return ((nanos % NANOS_IN_SECOND) + NANOS_IN_SECOND) % NANOS_IN_SECOND;
}

/** Types that stand for themselves, as in `type(x) == string`. */
export const TYPE_NAMES: ReadonlyMap<string, TypeValue> = new Map(
  ['int', 'uint', 'double', 'bool', 'string', 'bytes', 'list', 'map', 'null_type', 'type'].map((name) => [
    name,
    new TypeValue(name),
  ]),
);
