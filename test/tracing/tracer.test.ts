import { describe, expect, test } from 'vitest';
import type { Clock } from '../../src/clock.ts';
import type { DecisionPorts } from '../../src/decision/deliberation.ts';
import type { Call, TraceField } from '../../src/grpc/rpc.ts';
import { StoreUnavailable } from '../../src/quota/store.ts';
import type { Taking } from '../../src/quota/store.ts';
import type { EndedCheck } from '../../src/tracing/check-trace.ts';
import { createSampler } from '../../src/tracing/sampling.ts';
import { createTracer, MOST_TRACES_A_SECOND } from '../../src/tracing/tracer.ts';
import { WallTime } from '../../src/tracing/wall-time.ts';
import { checkOf } from '../policy/fixtures.ts';

const own = 'a'.repeat(32);
const callers = 'c'.repeat(32);
const SPAN_ID = 'b7ad6b7169203331';

function open() {
  const ended: EndedCheck[] = [];
  let now = 1000;
  let overRate = 0;
  const clock: Clock = { now: () => now, monotonic: () => now };
  const tracer = createTracer({
    clock,
    sample: createSampler({ ratio: 0, random: () => 0.5, randomHex: (bytes) => '0f'.repeat(bytes) }),
    ended: (check) => ended.push(check),
    overRate: () => void (overRate += 1),
  });
  const ports = (take: DecisionPorts['take']): DecisionPorts => ({
    take,
    clock,
    unmatched: 'deny',
    trustedHops: 0,
    xffAppended: 'auto',
    hosts: { port: 'exact', finalDot: 'exact' },
    failed() {},
  });
  return { tracer, ended, ports, pass: (ms: number) => void (now += ms), overRate: () => overRate };
}

const call = (fields: Partial<Record<TraceField, string>> = {}): Call => ({
  deadline: Infinity,
  signal: new AbortController().signal,
  traceField: (name) => fields[name],
});
const sampled = (traceId: string) => `00-${traceId}-${SPAN_ID}-01`;
const GRANTED: Taking = { granted: true, windows: [] };

test("the context of Envoy's own call goes before that of the request, and what Envoy decided holds", () => {
  const { tracer, ports, ended } = open();
  const check = checkOf({ headers: { traceparent: sampled(callers) } });
  tracer
    .begin(
      check,
      call({ traceparent: sampled(own) }),
      ports(() => GRANTED),
      1,
    )
    ?.failed(1);
  tracer
    .begin(
      check,
      call(),
      ports(() => GRANTED),
      1,
    )
    ?.failed(1);
  expect(ended.map(({ trace }) => trace.traceId)).toEqual([own, callers]);
  const unsampled = call({ traceparent: `00-${own}-${SPAN_ID}-00` });
  expect(
    tracer.begin(
      check,
      unsampled,
      ports(() => GRANTED),
      1,
    ),
  ).toBeUndefined();
  const withoutFields: Call = { deadline: Infinity, signal: new AbortController().signal };
  expect(
    tracer.begin(
      check,
      withoutFields,
      ports(() => GRANTED),
      1,
    ),
  ).toBeDefined();
  expect(
    tracer.begin(
      checkOf({}),
      call(),
      ports(() => GRANTED),
      1,
    ),
  ).toBeUndefined();
});

test('callers who mark every request as sampled get so many traces a second, and the rest is counted', () => {
  const { tracer, ports, pass, overRate } = open();
  const check = checkOf({ headers: { traceparent: sampled(callers) } });
  const begin = () =>
    tracer.begin(
      check,
      call(),
      ports(() => GRANTED),
      1,
    );
  for (let i = 0; i < MOST_TRACES_A_SECOND; i++) expect(begin()).toBeDefined();
  expect(begin()).toBeUndefined();
  expect(overRate()).toBe(1);
  pass(1000);
  expect(begin()).toBeDefined();
});

describe('calls of the counter store are noted', () => {
  const traced = (take: DecisionPorts['take']) => {
    const { tracer, ended, ports, pass } = open();
    const trace = tracer.begin(checkOf({}), call({ traceparent: sampled(own) }), ports(take), 900)!;
    return { trace, ended, pass };
  };

  test('those that are answered at once, and those that wait', async () => {
    const answer = Promise.withResolvers<Taking>();
    const answers: (Taking | Promise<Taking>)[] = [GRANTED, answer.promise];
    const { trace, ended, pass } = traced(() => answers.shift()!);
    expect(trace.ports.take([], 0)).toBe(GRANTED);
    const waiting = trace.ports.take([], 0);
    pass(5);
    answer.resolve({ granted: false, windows: [] });
    await waiting;
    trace.failed(4);
    expect(ended[0]?.calls).toEqual([
      { startedAt: 1000, endedAt: 1000, demands: 0, hasWaited: false, result: 'granted' },
      { startedAt: 1000, endedAt: 1005, demands: 0, hasWaited: true, result: 'refused' },
    ]);
    expect(ended[0]).toMatchObject({ startedAt: 900, endedAt: 1005, code: 4 });
  });

  test('those that fail, and the failure reaches whoever asked', async () => {
    const fail = new StoreUnavailable('away');
    const { trace, ended } = traced(() => Promise.reject(fail));
    await expect(trace.ports.take([], 0)).rejects.toBe(fail);
    const thrown = traced(() => {
      throw fail;
    });
    expect(() => thrown.trace.ports.take([], 0)).toThrow(fail);
    trace.failed(4);
    thrown.trace.failed(4);
    trace.failed(1);
    expect([ended.length, ended[0]?.calls[0]?.result, thrown.ended[0]?.calls[0]?.result]).toEqual([
      1,
      'failed',
      'failed',
    ]);
  });
});

test('times of spans are finer than the wall clock is read, and follow it when it jumps', () => {
  let mono = 0;
  let ahead = 1_700_000_000_000.7;
  const wall = new WallTime({ now: () => Math.floor(mono + ahead), monotonic: () => mono });
  for (let i = 0; i < 50; i++) {
    mono += 0.13;
    wall.look();
  }
  expect(Math.abs(wall.of(mono) - (mono + ahead))).toBeLessThan(0.2);
  ahead -= 3_600_000;
  wall.look();
  expect(Math.abs(wall.of(mono) - (mono + ahead))).toBeLessThanOrEqual(1);
});
