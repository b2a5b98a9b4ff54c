import { describe, expect, it } from 'vitest';
import { policyKinds } from '../../src/policies/index.ts';
import { document, faultsOf, warningsOf } from '../document/documents.ts';

const kinds = { policyKinds };
const SHOP = 'https://shop.example.com';

interface Written {
  readonly config?: object;
  readonly rules?: readonly object[];
  readonly when?: string;
}

function files({ config = {}, ...fields }: Written) {
  const policy = { policyRef: { name: 'cors' }, config, ...fields };
  return { 'api.json': document('Api', 'orders', { policies: [policy] }) };
}

const group = (parts: object = {}) => ({ originGroups: [{ origins: [SHOP], ...parts }] });

describe('a document is refused', () => {
  const bad: readonly (readonly [string, Written, string])[] = [
    [
      'credentials for every website',
      { config: { supportCredentials: true } },
      'supportCredentials: any website could act',
    ],
    [
      'credentials of a public resource',
      { config: { supportCredentials: true, publicResource: true } },
      'publicResource: any',
    ],
    [
      'credentials and the wildcard',
      { config: { supportCredentials: true, originGroups: [{ origins: ['*'] }] } },
      'origins[0]: with',
    ],
    [
      'credentials and every text',
      { config: { supportCredentials: true, originGroups: [{ origins: [{ re2: '.*' }] }] } },
      'origins[0]: with',
    ],
    [
      'credentials and frames',
      { config: { supportCredentials: true, originGroups: [{ origins: ['null'] }] } },
      'origins[0]: with',
    ],
    [
      'credentials and any header',
      { config: { ...group({ headers: ['*'] }), supportCredentials: true } },
      'headers[0]: browsers',
    ],
    [
      'credentials and all of the answer',
      { config: { ...group({ exposedHeaders: ['*'] }), supportCredentials: true } },
      'exposedHeaders[0]',
    ],
    [
      'groups that a public resource ignores',
      { config: { ...group(), publicResource: true } },
      'originGroups: have no effect',
    ],
    ['no origin at all', { config: { publicResource: false } }, 'originGroups: are missing'],
    ['a slash at the end', { config: { originGroups: [{ origins: [`${SHOP}/`] }] } }, 'is not an origin'],
    ['no scheme', { config: { originGroups: [{ origins: ['shop.example.com'] }] } }, 'is not an origin'],
    ['the port of the scheme', { config: { originGroups: [{ origins: [`${SHOP}:443`] }] } }, 'leave out the port'],
    [
      'an expression that is none',
      { config: { originGroups: [{ origins: [{ re2: '(' }] }] } },
      'is not an RE2 expression',
    ],
    [
      'an origin twice',
      { config: { originGroups: [{ origins: [SHOP] }, { origins: [SHOP] }] } },
      'originGroups[1].origins[0]: is in originGroups[0]',
    ],
    ['a method that scripts can not send', { config: group({ allowedMethods: ['TRACE'] }) }, 'no script may send'],
    ['no method', { config: group({ allowedMethods: [{ methodName: 'GET', isAllowed: false }] }) }, 'allows no method'],
    ['a name with a space', { config: group({ headers: ['x y'] }) }, 'is not a header name'],
    ['a rule on methods', { rules: [{ methods: 'GET' }] }, 'rules[0].methods: a preflight has the method OPTIONS'],
    [
      'an exception by methods',
      { rules: [{ path: '/a', not: [{ methods: 'GET' }] }] },
      'rules[0].not[0].methods: a preflight has the method OPTIONS',
    ],
    ['a rule on absent headers', { rules: [{ absentHeaders: ['x'] }] }, 'rules[0].absentHeaders: a preflight'],
    ['a condition on the method', { when: "request.method == 'GET'" }, 'when: a preflight'],
    ['a condition on a header', { when: "request.headers['x'] == 'a'" }, 'when: a preflight'],
    ['a rule on headers', { rules: [{ headers: { x: '.*' } }] }, 'rules[0].headers: a preflight'],
  ];

  it.each(bad)('that has %s', async (_, written, fault) => {
    expect((await faultsOf(files(written), kinds)).join('\n')).toContain(fault);
  });

  it('that has a second one behind one without rules', async () => {
    const policies = ['one', 'two'].map((name) => ({ name, policyRef: { name: 'cors' }, config: {} }));
    const faults = await faultsOf({ 'api.json': document('Api', 'orders', { policies }) }, kinds);
    expect(faults).toEqual([
      expect.stringContaining('policies[1].policyRef.name: is never asked what orders/one answers'),
    ]);
    const ruled = policies.map((policy) =>
      policy.name === 'one' ? Object.assign(policy, { rules: [{ path: '/a' }] }) : policy,
    );
    expect(await faultsOf({ 'api.json': document('Api', 'orders', { policies: ruled }) }, kinds)).toEqual([]);
  });

  it('not for a dot that stands for any character, which is warned of', async () => {
    const config = {
      originGroups: [{ origins: [{ re2: 'https://.*.example.org' }, { re2: 'https://.*\\.example\\.org' }] }],
    };
    const warnings = (await warningsOf(files({ config }), kinds)).filter(
      (line) => line.includes('cors') || line.includes('re2'),
    );
    expect(warnings).toEqual([expect.stringContaining('origins[0].re2: has a dot')]);
  });
});
