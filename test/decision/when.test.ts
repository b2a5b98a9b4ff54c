import { expect, test } from 'vitest';
import type { Decision } from '../../src/decision/decision.ts';
import { decide } from '../../src/decision/pipeline.ts';
import { compileCondition } from '../../src/policy/condition.ts';
import { compileRules } from '../../src/policy/rules.ts';
import { access, apiOf, bound, checkOf, portsOf, snapshotOf } from '../policy/fixtures.ts';
import type { CheckParts } from '../policy/fixtures.ts';

const verified = bound(
  'tokens',
  access(() => ({ identity: { claims: { role: 'admin' } } })),
);
const refuse = access(() => ({ reason: 'contract_missing', detail: 'it has applied' }));

function outcome(when: string, parts: CheckParts, told: string[] = [], rules?: string): string {
  const conditional = bound('conditional', refuse, {
    when: compileCondition(when),
    rules: rules === undefined ? undefined : compileRules([{ path: rules }]),
  });
  const snapshot = snapshotOf([apiOf({ name: 'orders', access: [verified, conditional] })]);
  const ports = portsOf({ expressionFailed: (policy, { message }) => void told.push(`${policy}: ${message}`) });
  const decision = decide(snapshot, checkOf(parts), ports, Infinity) as Decision;
  return decision.steps.find(({ name }) => name === 'conditional')?.result ?? 'none';
}

test('a policy whose condition does not hold does not apply', () => {
  expect(outcome("request.method == 'POST'", { method: 'GET' })).toBe('not_applicable');
  expect(outcome("request.method == 'POST'", { method: 'POST' })).toBe('deny');
});

test('both the condition and the rules have to hold', () => {
  expect(outcome("request.method == 'POST'", { method: 'POST', path: '/a' }, [], '/b')).toBe('not_applicable');
  expect(outcome("request.method == 'POST'", { method: 'GET', path: '/b' }, [], '/b')).toBe('not_applicable');
  expect(outcome("request.method == 'POST'", { method: 'POST', path: '/b' }, [], '/b')).toBe('deny');
});

test('a condition sees what earlier policies have found', () => {
  expect(outcome("claims.role == 'admin'", {})).toBe('deny');
  expect(outcome("claims.role != 'admin'", {})).toBe('not_applicable');
});

test('a policy whose condition fails applies, and it is told', () => {
  const told: string[] = [];
  expect(outcome("claims.team == 'x'", {}, told)).toBe('deny');
  expect(told).toEqual(['conditional: at 1:8: there is no "team" in claims']);
});

test('a condition on the path can not be slipped past by another spelling', () => {
  for (const path of [
    '/admin',
    '/admin/',
    '/%61dmin',
    '/a/../admin',
    '//admin',
    '/admin;x=1',
    '/admin?x',
    '/admin/.',
  ]) {
    expect(outcome("request.path == '/admin'", { path })).toBe('deny');
  }
});
