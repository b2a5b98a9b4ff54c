import { expect, test } from 'vitest';
import type { Denial } from '../../src/denial/denial.ts';
import { createDecisionLog } from '../../src/observe/decision-log.ts';
import type { DecisionLogOptions } from '../../src/observe/decision-log.ts';
import { checkOf, contractOf, decision, step, stoppedClock } from './decisions.ts';
import { logInMemory } from './lines.ts';

const REJECTED: Denial = { reason: 'client_rejected', cause: 'secret_wrong', challenge: '', detail: 'wrong secret' };
const denied = decision({ denial: REJECTED, policy: 'orders/0' });

test('a denial leaves one line that tells who, what and why', () => {
  const { decisions, lines } = logged();
  const contract = contractOf('web');
  const check = checkOf({ headers: { 'x-request-id': 'b1946ac9-2d4e-4c1a-9f3a' } });
  decisions.decided({ ...denied, identity: { client: contract.client, contract } }, check, 0.123456);
  expect(lines()).toMatchObject([
    {
      level: 'info',
      msg: 'decision',
      outcome: 'deny',
      api: 'orders',
      policy: 'orders/0',
      reason: 'client_rejected',
      cause: 'secret_wrong',
      detail: 'wrong secret',
      client_id: 'web',
      client_name: 'app-web',
      contract: 'web-orders',
      tier: 'gold',
      method: 'GET',
      host: 'orders.example.com',
      path: '/orders/17',
      request_id: 'b1946ac9-2d4e-4c1a-9f3a',
      stream_id: '301668583215567008',
      client_address: '192.0.2.7',
      duration_ms: 0.123,
      snapshot: 'v1',
    },
  ]);
});

test('allows are sampled by the rate, denials are not', () => {
  const numbers = [0.09, 0.1, 0.5, 0.05];
  const { decisions, lines } = logged({ allowRate: 0.1, random: () => numbers.shift() ?? 1 });
  for (let i = 0; i < 4; i++) decisions.decided(decision(), checkOf(), 1);
  for (let i = 0; i < 3; i++) decisions.decided(denied, checkOf(), 1);
  expect(lines().map(({ outcome }) => outcome)).toEqual(['allow', 'allow', 'deny', 'deny', 'deny']);
});

test('with rate 1 every allow leaves a line, with rate 0 none does', () => {
  const all = logged({ allowRate: 1, random: () => 0.999_999 });
  const none = logged({ allowRate: 0, random: () => 0 });
  all.decisions.decided(decision(), checkOf(), 1);
  none.decisions.decided(decision(), checkOf(), 1);
  expect(all.lines()).toHaveLength(1);
  expect(none.lines()).toHaveLength(0);
});

test('an allowed Check in which a policy failed always leaves a warning', () => {
  const { decisions, lines } = logged();
  decisions.decided(decision({ steps: [step({ result: 'failed' })] }), checkOf(), 1);
  expect(lines()).toMatchObject([{ level: 'warn', outcome: 'allow', failures: ['orders/0'] }]);
});

test('what shadow policies found is told', () => {
  const { decisions, lines } = logged({ allowRate: 1 });
  const spent: Denial = { reason: 'quota_spent', detail: '', windows: [], cost: 1 };
  const steps = [
    step(),
    step({ name: 'new-quota', mode: 'shadow', result: 'deny', denial: spent }),
    step({ name: 'new-jwt', mode: 'shadow' }),
  ];
  decisions.decided(decision({ steps }), checkOf(), 1);
  expect(lines()[0]?.['shadow']).toEqual(['new-quota: deny (quota_spent)', 'new-jwt: allow']);
});

test('a flood of denials leaves a bounded number of lines, and tells how many it left out', () => {
  const clock = stoppedClock();
  let suppressed = 0;
  const { decisions, lines } = logged({ clock, maxLinesPerSecond: 10, suppressed: () => (suppressed += 1) });
  for (let i = 0; i < 1000; i++) decisions.decided(denied, checkOf(), 1);
  expect(lines()).toHaveLength(10);
  expect(suppressed).toBe(990);

  clock.advance(1000);
  decisions.decided(denied, checkOf(), 1);
  expect(lines()[10]).toMatchObject({ level: 'warn', msg: 'decision lines suppressed', suppressed: 990 });
  expect(lines()).toHaveLength(12);
});

test('what was suppressed at the end is told when the log is flushed', () => {
  const { decisions, lines } = logged({ maxLinesPerSecond: 1 });
  for (let i = 0; i < 5; i++) decisions.decided(denied, checkOf(), 1);
  decisions.flush();
  decisions.flush();
  expect(lines().filter(({ msg }) => msg === 'decision lines suppressed')).toMatchObject([{ suppressed: 4 }]);
});

test('a rate outside 0 to 1 is a mistake of the program', () => {
  expect(() => logged({ allowRate: 1.1 })).toThrow(TypeError);
  expect(() => logged({ allowRate: Number.NaN })).toThrow(TypeError);
  expect(() => logged({ maxLinesPerSecond: 0 })).toThrow(TypeError);
});

function logged(options: Partial<DecisionLogOptions> = {}) {
  const memory = logInMemory();
  const decisions = createDecisionLog({
    log: memory.log,
    clock: stoppedClock(),
    allowRate: 0,
    maxLinesPerSecond: 1000,
    random: () => 0.5,
    clientAddress: (check) => check.sourceAddress,
    suppressed: () => {},
    ...options,
  });
  return { decisions, lines: memory.lines };
}
