import { expect, it } from 'vitest';
import { compile, newSpending } from '../../src/cel/compile.ts';
import { Failure } from '../../src/cel/value.ts';
import { words } from './library.ts';
import { sample, variables } from './sample.ts';
import type { Sample } from './sample.ts';

const TOO_MUCH = 'the expression costs too much for this request';
const roles = Array.from({ length: 1000 }, (_, i) => `role-${i}`);
const long = 'r1,'.repeat(20_000);
/** Fewer than `split` gives up at. */
const many = 'r1,'.repeat(9000);
const large: Sample = {
  ...sample,
  claims: { ...sample.claims, roles },
  request: { ...sample.request, headers: { ...sample.request.headers, long, many } },
};

function outcome(source: string, given: Sample = large): string {
  const value = compile(source, variables).evaluate(given);
  return value instanceof Failure ? value.message : words(value);
}

it.each([
  'claims.roles.all(a, claims.roles.all(b, a != b || a == b))',
  'claims.roles.map(a, claims.roles.filter(b, a == b)).size() > 0',
  "claims.roles.all(a, request.headers.long.split(',').size() > 0)",
  "claims.roles.all(a, request.headers.long.contains('x') == false)",
  'claims.roles.all(a, request.headers.long != a)',
  "claims.roles.all(a, request.headers.long + 'x' != a)",
  "claims.roles.all(a, request.headers.long.matches('^(r1,)+$'))",
  "claims.roles.all(a, request.headers.many.split(',').size() > 0)",
  "claims.roles.all(a, a in request.headers.long.split(','))",
])('%s ends where a request makes it cost too much', (source) => {
  expect(outcome(source)).toBe(TOO_MUCH);
});

it.each([
  "claims.roles.exists(role, role == 'role-999')",
  "claims.roles.filter(role, role.startsWith('role-9')).size() == 111",
  "'role-999' in claims.roles",
])('%s is as much as a request may well have', (source) => {
  expect(outcome(source)).toBe('true');
});

it('evaluations that share what they may spend end together', () => {
  const program = compile("claims.roles.exists(role, role == 'none')", variables);
  const spending = newSpending();
  const values = Array.from({ length: 40 }, () => program.evaluate(large, spending));
  expect(values[0]).toBe(false);
  expect(values.at(-1)).toBeInstanceOf(Failure);
});

it.each([
  ['claims.a.all(x, x.all(y, y.all(z, z == 1)))', 'could cost too much'],
  ["request.path.matches('(((a{1,30}){1,30}){1,30}){1,30}')", 'is no RE2 expression'],
  ["request.path.matches('(ab|cd|ef){1,400}')", 'steps, and may have'],
  [`${'"x" + '.repeat(70)}"x" == ""`, 'nested more than 64 deep'],
])('%s is refused at load', (source, message) => {
  expect(() => compile(source, variables)).toThrow(message);
});
