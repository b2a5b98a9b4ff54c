import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chosenRules, leavesOpen } from '../../src/document/unauthenticated.ts';
import type { AccessPolicy } from '../../src/policy/policy.ts';
import { compileCondition } from '../../src/policy/condition.ts';
import { compileRules } from '../../src/policy/rules.ts';
import type { ConditionSource, RuledRequest, RuleSource } from '../../src/policy/rules.ts';
import type { Bound } from '../../src/snapshot/snapshot.ts';
import { access, bound, checkOf } from '../policy/fixtures.ts';

const authenticating: AccessPolicy = {
  ...access(() => ({})),
  authenticates: { credential: 'test', isPresent: () => false, challenge: 'Test', headers: [] },
};

function gate(
  name: string,
  rules?: readonly RuleSource[],
  more: Partial<Bound<AccessPolicy>> = {},
  trusted?: string[],
) {
  const compiled = rules === undefined ? {} : { rules: compileRules(rules) };
  return bound(name, authenticating, { ...compiled, trustedHeaders: new Set(trusted), ...more });
}

/** As `policy.rule`. */
const chosen = (policies: readonly Bound<AccessPolicy>[], owned: readonly string[] = []) =>
  chosenRules(policies, new Set(owned)).map(({ bound: { name }, rule }) => `${name}.${rule ?? 'when'}`);

const AUTHORIZATION = { headers: { authorization: '.*' } };
const CLIENT = { headers: { client_id: '.*' } };

describe('a rule on a header that callers choose', () => {
  it('opens an API where nothing authenticates the others', () => {
    expect(chosen([gate('a', [AUTHORIZATION]), gate('b', [CLIENT])])).toEqual(['a.0', 'b.0']);
    expect(chosen([gate('a', [AUTHORIZATION])])).toEqual(['a.0']);
    expect(chosen([gate('a', [{ absentHeaders: ['x-internal'] }])])).toEqual(['a.0']);
    expect(chosen([gate('a', [{ not: [{ headers: { 'x-internal': 'yes' } }] }])])).toEqual(['a.0']);
  });

  it('opens none where a policy authenticates every request, or those of the same path', () => {
    expect(chosen([gate('a', [AUTHORIZATION]), gate('b')])).toEqual([]);
    expect(chosen([gate('a', [{ path: '/a/x', ...AUTHORIZATION }]), gate('b', [{ path: '/a/.*' }])])).toEqual([]);
    expect(chosen([gate('a', [{ path: '/a/.*', ...AUTHORIZATION }]), gate('b', [{ path: '/a/x' }])])).toEqual(['a.0']);
    expect(chosen([gate('a', [{ methods: 'HEAD', ...CLIENT }]), gate('b', [{ methods: 'GET|POST' }])])).toEqual([]);
  });

  it('opens none where another policy has what it leaves out', () => {
    expect(chosen([gate('a', [AUTHORIZATION]), gate('b', [{ absentHeaders: ['Authorization'] }])])).toEqual([]);
    expect(chosen([gate('a', [AUTHORIZATION]), gate('b', [{ not: [AUTHORIZATION] }])])).toEqual([]);
    const beta = { headers: { 'x-beta': 'on' } };
    expect(chosen([gate('a', [beta]), gate('b', [{ not: [beta] }])])).toEqual([]);
    expect(chosen([gate('a', [beta, { absentHeaders: ['x-beta'] }])])).toEqual(['a.0', 'a.1']);
    expect(chosen([gate('a', [beta]), gate('b', [{ not: [{ headers: { 'x-beta': 'off' } }] }])])).toEqual([
      'a.0',
      'b.0',
    ]);
  });

  it('is the author’s where a trusted proxy sets it, or a policy', () => {
    expect(chosen([gate('a', [AUTHORIZATION], {}, ['authorization'])])).toEqual([]);
    expect(chosen([gate('a', [{ headers: { 'x-user': 'x' } }])], ['x-user'])).toEqual([]);
    expect(chosen([gate('a', [AUTHORIZATION], {}, ['authorization']), gate('b', [CLIENT])])).toEqual(['b.0']);
  });

  it('is not made up for in shadow, nor by a policy that does not authenticate', () => {
    expect(chosen([gate('a', [AUTHORIZATION]), gate('b', undefined, { mode: 'shadow' })])).toEqual(['a.0']);
    expect(
      chosen([
        gate('a', [AUTHORIZATION]),
        bound(
          'b',
          access(() => ({})),
        ),
      ]),
    ).toEqual(['a.0']);
    expect(chosen([gate('a', [AUTHORIZATION], { mode: 'shadow' })])).toEqual([]);
  });

  it('is looked for in conditions too', () => {
    const when = (source: string) => ({ when: compileCondition(source) });
    expect(chosen([gate('a', undefined, when("'x' in request.headers"))])).toEqual(['a.when']);
    expect(chosen([gate('a', undefined, when("request.headers['x-a'] == 'b'"))])).toEqual(['a.when']);
    expect(chosen([gate('a', undefined, when("request.query['open'] != 'yes'"))])).toEqual(['a.when']);
    for (const source of [
      "request.protocol != 'HTTP/1.1'",
      'request.size > 0',
      "request.scheme == 'https'",
      "request.id != '1'",
      "request.rawPath != '/a?x'",
    ]) {
      expect([source, ...chosen([gate('a', undefined, when(source))])]).toEqual([source, 'a.when']);
    }
    expect(chosen([gate('a', undefined, when("request.path.startsWith('/a')"))])).toEqual([]);
    expect(chosen([gate('a', undefined, when("request.headers['x-a'] == 'b'"), ['x-a'])])).toEqual([]);
    expect(chosen([gate('a', [{ path: '/a' }], when('has(request.headers.x)'))])).toEqual(['a.0']);
    expect(chosen([gate('a', undefined, when('has(request.headers.x)')), gate('b')])).toEqual([]);
    // A policy with a condition is none that authenticates every request.
    expect(chosen([gate('a', [AUTHORIZATION]), gate('b', undefined, when("request.host == 'x'"))])).toEqual(['a.0']);
    const same = when("request.query['a'] == 'b'");
    expect(chosen([gate('a', [AUTHORIZATION], same), gate('b', [{ not: [AUTHORIZATION] }], same)])).toEqual([
      'a.0',
      'b.0',
    ]);
    const byPath = when("request.path == '/b'");
    expect(chosen([gate('a', [AUTHORIZATION], byPath), gate('b', [{ not: [AUTHORIZATION] }], byPath)])).toEqual([]);
  });

  it('leaves paths, methods and hosts to the author', () => {
    expect(chosen([gate('a', [{ path: '/admin/.*', methods: 'GET', host: 'x' }])])).toEqual([]);
    expect(chosen([gate('a', [{ not: [{ path: '/health' }] }])])).toEqual([]);
  });
});

const PATHS = ['/a', '/a/', '/a/x', '/b', '/h'];
const METHODS = ['GET', 'HEAD', 'POST', 'get'];
const values = [undefined, '', 'on', 'off', 'on,off', 'on, on'];
const headerSets = values.flatMap((x) => values.slice(0, 4).map((y) => ({ x, y })));

const conditions: fc.Arbitrary<ConditionSource> = fc.oneof(
  fc.record({ path: fc.constantFrom('/a', '/a/.*', '/a.*', '/.*', '/b|/h', '/[ab]') }),
  fc.record({ methods: fc.constantFrom('GET', 'POST', 'HEAD', 'GET|POST', '.*') }),
  fc.record({
    headers: fc.dictionary(fc.constantFrom('x', 'y'), fc.constantFrom('.*', 'on', 'o.*', 'on|off'), { minKeys: 1 }),
  }),
  fc.record({ absentHeaders: fc.uniqueArray(fc.constantFrom('x', 'y'), { minLength: 1 }) }),
  fc.record({ path: fc.constantFrom('/a', '/a.*'), headers: fc.record({ x: fc.constantFrom('on', '.*') }) }),
);

const except = (source: ConditionSource, exempt: ConditionSource): RuleSource => ({ ...source, not: [exempt] });

/** Rules of a few conditions, so that one often has what another leaves out. */
const policies = fc.array(conditions, { minLength: 1, maxLength: 3 }).chain((pool) => {
  const one = fc.constantFrom(...pool);
  const rule: fc.Arbitrary<RuleSource> = fc.oneof(
    one,
    one.map((exempt) => ({ not: [exempt] })),
    fc.tuple(one, one).map(([source, exempt]) => except(source, exempt)),
    fc.tuple(one, one).map((both) => ({ not: both })),
  );
  return fc.array(fc.array(rule, { minLength: 1, maxLength: 2 }), { minLength: 1, maxLength: 3 });
});

function requestOf(
  path: string,
  method: string,
  sent: { readonly x: string | undefined; readonly y: string | undefined },
): RuledRequest {
  const headers = Object.fromEntries(Object.entries(sent).filter(([, value]) => value !== undefined)) as Record<
    string,
    string
  >;
  return { check: checkOf({ method, headers }), path, otherPaths: [], ownedHeaders: new Set(), upstream: [] };
}

describe('whatever the rules', () => {
  it('no caller chooses by a header that nobody authenticates him, where nothing was found', () => {
    let safe = 0;
    fc.assert(
      fc.property(policies, (lists) => {
        const gates = lists.map((list, index) => gate(String(index), list));
        if (chosen(gates).length > 0) return;
        safe += 1;
        for (const path of PATHS) {
          for (const method of METHODS) {
            const met = headerSets.map((headers) =>
              gates.some(({ rules }) => rules?.match(requestOf(path, method, headers)) === true),
            );
            expect([lists, path, method, new Set(met).size]).toEqual([lists, path, method, 1]);
          }
        }
      }),
      { numRuns: 500 },
    );
    expect(safe).toBeGreaterThan(40);
  });

  it('no request is left open, where nothing is told to be', () => {
    let closed = 0;
    fc.assert(
      fc.property(policies, fc.array(conditions, { maxLength: 2 }), (lists, meant) => {
        const gates = lists.map((list, index) => gate(String(index), list));
        if (leavesOpen(gates, meant, new Set())) return;
        closed += 1;
        const open = compileRules(meant);
        for (const path of PATHS) {
          for (const method of METHODS) {
            for (const headers of headerSets) {
              const request = requestOf(path, method, headers);
              const met = gates.some(({ rules }) => rules?.match(request) === true) || open.match(request);
              expect([lists, meant, path, method, headers, met]).toEqual([lists, meant, path, method, headers, true]);
            }
          }
        }
      }),
      { numRuns: 500 },
    );
    expect(closed).toBeGreaterThan(40);
  });
});
