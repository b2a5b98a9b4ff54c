import type { Overload, Overloads } from './overload.ts';
import { ANY_LIST, DURATION, TIMESTAMP } from './type.ts';
import { compare } from './equality.ts';
import type { Type } from './type.ts';
import { duration, timestamp } from './times.ts';
import { Uint } from './value.ts';
import type { Duration, Timestamp, Value } from './value.ts';

const MIN_INT = -(2n ** 63n);
const MAX_INT = 2n ** 63n - 1n;
const MAX_UINT = 2n ** 64n - 1n;

/** @returns undefined if the result does not fit into 64 bits */
export function int(value: bigint): bigint | undefined {
  return value >= MIN_INT && value <= MAX_INT ? value : undefined;
}

export function uint(value: bigint): Uint | undefined {
  return value >= 0n && value <= MAX_UINT ? new Uint(value) : undefined;
}

const ofInts = (call: (a: bigint, b: bigint) => bigint | undefined): Overload => {
  return { args: ['int', 'int'], result: 'int', call: (a: bigint, b: bigint) => call(a, b) };
};
const ofUints = (call: (a: bigint, b: bigint) => bigint): Overload => {
  return { args: ['uint', 'uint'], result: 'uint', call: (a: Uint, b: Uint) => uint(call(a.value, b.value)) };
};
const ofDoubles = (call: (a: number, b: number) => number): Overload => {
  return { args: ['double', 'double'], result: 'double', call: (a: number, b: number) => call(a, b) };
};
const unlessZero = (call: (a: bigint, b: bigint) => bigint | undefined): readonly Overload[] => [
  ofInts((a, b) => (b === 0n ? undefined : call(a, b))),
  {
    args: ['uint', 'uint'],
    result: 'uint',
    call(a: Uint, b: Uint) {
      const result = b.value === 0n ? undefined : call(a.value, b.value);
      return result === undefined ? undefined : uint(result);
    },
  },
];

const NUMBERS: readonly Type[] = ['int', 'uint', 'double'];

/** Numbers of all types are compared with each other, anything else with its own type. */
const ORDERED: readonly (readonly [Type, Type])[] = [
  ...NUMBERS.flatMap((one) => NUMBERS.map((other) => [one, other] as const)),
  ...(['string', 'bool', 'bytes', TIMESTAMP, DURATION] as const).map((type) => [type, type] as const),
];

function ordering(holds: (order: number) => boolean): readonly Overload[] {
  const call = (a: Value, b: Value): boolean | undefined => {
    const order = compare(a, b);
    return order === undefined ? undefined : holds(order);
  };
  return ORDERED.map((args): Overload => ({ args, result: 'bool', call }));
}

/** Arithmetic and order. */
export const NUMBER_OVERLOADS: Overloads = {
  '_<_': ordering((order) => order < 0),
  '_<=_': ordering((order) => order <= 0),
  '_>_': ordering((order) => order > 0),
  '_>=_': ordering((order) => order >= 0),
  '_+_': [
    ofInts((a, b) => int(a + b)),
    ofUints((a, b) => a + b),
    ofDoubles((a, b) => a + b),
    { args: ['string', 'string'], result: 'string', call: (a: string, b: string) => a + b },
    { args: ['bytes', 'bytes'], result: 'bytes', call: (a: Uint8Array, b: Uint8Array) => Buffer.concat([a, b]) },
    { args: [ANY_LIST, ANY_LIST], result: ANY_LIST, call: (a: readonly Value[], b: readonly Value[]) => [...a, ...b] },
    {
      args: [TIMESTAMP, DURATION],
      result: TIMESTAMP,
      call: (a: Timestamp, b: Duration) => timestamp(a.nanos + b.nanos),
    },
    {
      args: [DURATION, TIMESTAMP],
      result: TIMESTAMP,
      call: (a: Duration, b: Timestamp) => timestamp(a.nanos + b.nanos),
    },
    { args: [DURATION, DURATION], result: DURATION, call: (a: Duration, b: Duration) => duration(a.nanos + b.nanos) },
  ],
  '_-_': [
    ofInts((a, b) => int(a - b)),
    ofUints((a, b) => a - b),
    ofDoubles((a, b) => a - b),
    {
      args: [TIMESTAMP, TIMESTAMP],
      result: DURATION,
      call: (a: Timestamp, b: Timestamp) => duration(a.nanos - b.nanos),
    },
    {
      args: [TIMESTAMP, DURATION],
      result: TIMESTAMP,
      call: (a: Timestamp, b: Duration) => timestamp(a.nanos - b.nanos),
    },
    { args: [DURATION, DURATION], result: DURATION, call: (a: Duration, b: Duration) => duration(a.nanos - b.nanos) },
  ],
  '_*_': [ofInts((a, b) => int(a * b)), ofUints((a, b) => a * b), ofDoubles((a, b) => a * b)],
  '_/_': [...unlessZero((a, b) => int(a / b)), ofDoubles((a, b) => a / b)],
  '_%_': unlessZero((a, b) => a % b),
  '-_': [
    { args: ['int'], result: 'int', call: (a: bigint) => int(-a) },
    { args: ['double'], result: 'double', call: (a: number) => -a },
  ],
  '!_': [{ args: ['bool'], result: 'bool', call: (a: boolean) => !a }],
};
