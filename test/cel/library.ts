import {
  CelScalar,
  celEnv,
  celFunc,
  celUint,
  isCelError,
  isCelList,
  isCelMap,
  isCelType,
  isCelUint,
  objectType,
  parse,
  plan,
} from '@bufbuild/cel';
import type { CelValue } from '@bufbuild/cel';
import { strings } from '@bufbuild/cel/ext';
import { DurationSchema, timestampFromMs } from '@bufbuild/protobuf/wkt';
import { Duration, Failure, Timestamp, TypeValue, Uint, entryOf, keysOf } from '../../src/cel/value.ts';
import type { JsonMap, MapValue, Value } from '../../src/cel/value.ts';
import type { Sample } from './sample.ts';

const DURATION = objectType(DurationSchema);
const { INT, UINT, DOUBLE, STRING } = CelScalar;

function noOverload(): never {
  throw new Error('no such overload');
}

/** It reads `''` as 0 and `x` as NaN, and takes seconds since 1970 for milliseconds: here it is put right by CEL's own words. */
const corrections = [
  celFunc('int', [STRING], INT, (text) => (/^[+-]?\d+$/.test(text) ? BigInt.asIntN(64, BigInt(text)) : noOverload())),
  celFunc('uint', [STRING], UINT, (text) => (/^\d+$/.test(text) ? celUint(BigInt(text)) : noOverload())),
  celFunc('double', [STRING], DOUBLE, (text) => (/^[+-]?\d+(\.\d+)?$/.test(text) ? Number(text) : noOverload())),
  celFunc('int', [DURATION], INT, noOverload),
];

const environment = celEnv({ funcs: [...strings, ...corrections] });

/** What `@bufbuild/cel` makes of an expression, in words; `error` where it has no value. */
export function ofLibrary(source: string, { now, ...rest }: Sample): string {
  const value = plan(environment, parse(source))({ ...rest, now: timestampFromMs(now) } as never);
  return isCelError(value) ? 'error' : libraryWords(value);
}

function libraryWords(value: CelValue): string {
  if (value === null || typeof value !== 'object') return scalarWords(value);
  if (value instanceof Uint8Array) return bytesWords(value);
  if (isCelUint(value)) return `uint ${value.value}`;
  if (isCelType(value)) return `type ${value.name}`;
  if (isCelList(value)) return `[${Array.from(value, libraryWords).join(', ')}]`;
  if (isCelMap(value)) {
    return mapWords(Array.from(value, ([key, item]) => [libraryWords(key as CelValue), libraryWords(item)]));
  }
  const { seconds, nanos } = (value as { message: unknown }).message as { seconds: bigint; nanos: number };
  return `${(value as { desc: { typeName: string } }).desc.typeName} ${seconds * 1_000_000_000n + BigInt(nanos)}`;
}

/** The same of our own values. */
export function words(value: Value | Failure): string {
  if (value instanceof Failure) return 'error';
  if (value === null || typeof value !== 'object') return scalarWords(value);
  if (value instanceof Uint8Array) return bytesWords(value);
  if (value instanceof Uint) return `uint ${value.value}`;
  if (value instanceof TypeValue) return `type ${value.name}`;
  if (value instanceof Timestamp) return `google.protobuf.Timestamp ${value.nanos}`;
  if (value instanceof Duration) return `google.protobuf.Duration ${value.nanos}`;
  if (Array.isArray(value)) return `[${(value as readonly Value[]).map(words).join(', ')}]`;
  const map = value as MapValue | JsonMap;
  return mapWords(keysOf(map).map((key) => [words(key), words(entryOf(map, key) as Value)]));
}

function scalarWords(value: null | boolean | bigint | number | string | undefined): string {
  if (typeof value === 'bigint') return `int ${value}`;
  if (typeof value === 'number') return `double ${Object.is(value, -0) ? '-0' : value}`;
  return JSON.stringify(value);
}

function bytesWords(bytes: Uint8Array): string {
  return `bytes ${Buffer.from(bytes).toString('hex')}`;
}

function mapWords(entries: readonly (readonly string[])[]): string {
  return `{${entries
    .map(([key, value]) => `${key}: ${value}`)
    .toSorted()
    .join(', ')}}`;
}
