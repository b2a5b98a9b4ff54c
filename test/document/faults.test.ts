import { describe, expect, it } from 'vitest';
import { document, faultsOf } from './documents.ts';

const API = 'apiVersion: ostiary.dev/v1alpha1\nkind: Api\nmetadata: {name: orders}\n';
const CLIENT = 'apiVersion: ostiary.dev/v1alpha1\nkind: ClientApplication\nmetadata: {name: shop}\n';

describe('a fault has a place, a field, an expectation and a remedy', () => {
  const cases: Readonly<Record<string, readonly [source: string, ...faults: string[]]>> = {
    'an unknown field': [`${API}spec:\n  hots: [a]\n`, 'a.yaml:5:3: spec.hots: unknown field; did you mean "hosts"?'],
    'a field of another name altogether': [
      `${API}spec: {colour: red}\n`,
      'a.yaml:4:8: spec.colour: unknown field (known: hosts, publicUrl, basePath, public, maxStale, encodedSlashes, routes, openapi, tiers, policies, guests)',
    ],
    'a wrong type': [
      `${CLIENT}spec:\n  clientId: 123\n`,
      'a.yaml:5:13: spec.clientId: expected text, got a number: put it in quotes',
    ],
    'a number that is too large for any': [
      `${API}spec: {tiers: [{name: a, limits: [{maximumRequests: 1, timePeriodInMilliseconds: 1e400}]}]}\n`,
      'a.yaml:4:82: spec.tiers[0].limits[0].timePeriodInMilliseconds: expected a number, got one that is too large',
    ],
    'no number': [
      `${API}spec: {tiers: [{name: a, limits: [{maximumRequests: .nan, timePeriodInMilliseconds: 1}]}]}\n`,
      'a.yaml:4:53: spec.tiers[0].limits[0].maximumRequests: expected a number, got no number (.nan)',
    ],
    'a missing field, at the field that should hold it': [
      `${CLIENT}spec: {}\n`,
      'a.yaml:4:1: spec.clientId: is missing: expected text',
    ],
    'a misspelt value': [
      `${API}spec:\n  policies:\n    - policyRef: {name: gate}\n      mode: shadwo\n`,
      'a.yaml:7:13: spec.policies[0].mode: expected one of enforce, shadow; did you mean "shadow"?',
    ],
    'a misspelt kind': [
      'apiVersion: ostiary.dev/v1alpha1\nkind: Contrat\nmetadata: {name: x}\nspec: {}\n',
      'a.yaml:2:7: kind: expected one of Api, PolicyBinding, ClientApplication, Contract, Configuration, Alert, Webhook, Subscription, Team, Specification, Secret; did you mean "Contract"?',
    ],
    'another version': [
      'apiVersion: v1\nkind: Api\nmetadata: {name: x}\nspec: {}\n',
      'a.yaml:1:13: apiVersion: expected "ostiary.dev/v1alpha1"',
    ],
    'a misspelt policy': [
      `${API}spec:\n  policies:\n    - policyRef: {name: gat}\n`,
      'a.yaml:6:25: spec.policies[0].policyRef.name: there is no kind of policy of this name; did you mean "gate"?',
    ],
    'an unknown option of a policy': [
      `${API}spec:\n  policies:\n    - policyRef: {name: gate}\n      config: {txt: a, either: 3}\n`,
      'a.yaml:7:16: spec.policies[0].config.txt: unknown field; did you mean "text"?',
      'a.yaml:7:32: spec.policies[0].config.either: expected text, got a number: put it in quotes; or expected a list, got a number',
    ],
    'what a policy itself refuses': [
      `${API}spec:\n  policies:\n    - policyRef: {name: gate}\n      config: {refuse: true, text: abc}\n`,
      'a.yaml:7:7: spec.policies[0].config: refused with abc',
    ],
    'a rule that is no expression': [
      `${API}spec:\n  policies:\n    - policyRef: {name: gate}\n      rules: [{path: "/a(", headers: {x-env: "["}}]\n`,
      expect.stringMatching(/^a\.yaml:7:22: spec\.policies\[0\]\.rules\[0\]\.path: "\/a\(" is not an RE2/) as string,
      expect.stringMatching(/^a\.yaml:7:46: spec\.policies\[0\]\.rules\[0\]\.headers\.x-env: /) as string,
    ],
    'an empty rule': [
      `${API}spec:\n  policies:\n    - policyRef: {name: gate}\n      rules: [{}]\n`,
      'a.yaml:7:15: spec.policies[0].rules[0]: a rule without conditions matches every request: leave "rules" out instead',
    ],
    'an empty list of rules': [
      `${API}spec:\n  policies:\n    - policyRef: {name: gate}\n      rules: []\n`,
      'a.yaml:7:14: spec.policies[0].rules: expected at least 1 item',
    ],
    'a host with a port that is none': [
      `${API}spec:\n  hosts:\n    - a.example.com:65536\n    - 'b.example.com:'\n`,
      'a.yaml:6:7: spec.hosts[0]: expected a port from 0 to 65535 after the colon',
      'a.yaml:7:7: spec.hosts[1]: expected a port from 0 to 65535 after the colon',
    ],
    'a base path that no request has': [
      `${API}spec: {basePath: /a/../b}\n`,
      'a.yaml:4:18: spec.basePath: expected a resolved path: without "//", "/./" and "/../", which no request has when it is compared',
    ],
    'a duplicate key': [
      `${API}spec:\n  basePath: /a\n  basePath: /b\n`,
      'a.yaml:6:3: duplicate key: it is given twice in this mapping',
    ],
    'a name that is none': [
      'apiVersion: ostiary.dev/v1alpha1\nkind: Api\nmetadata: {name: __proto__}\nspec: {}\n',
      'a.yaml:3:18: metadata.name: expected a name: letters and digits, with ".", "_" or "-" between them',
    ],
    'a label that objects treat in a way of their own': [
      'apiVersion: ostiary.dev/v1alpha1\nkind: Api\nmetadata: {name: a, labels: {__proto__: x}}\nspec: {}\n',
      'a.yaml:3:30: metadata.labels.__proto__: is not allowed as a name',
    ],
    'two secrets in two places': [
      `${CLIENT}spec: {clientId: a, clientSecret: {value: x}, clientSecrets: [{value: y}]}\n`,
      'a.yaml:4:62: spec.clientSecrets: contradicts clientSecret: move that secret into this list',
    ],
    'three secrets': [
      `${CLIENT}spec: {clientId: a, clientSecrets: [{value: x}, {value: y}, {value: z}]}\n`,
      'a.yaml:4:36: spec.clientSecrets: expected at most 2 items',
    ],
    'a misspelt form of secret': [
      `${CLIENT}spec: {clientId: a, clientSecret: {vale: x}}\n`,
      'a.yaml:4:21: spec.clientSecret.value: is missing: expected text',
      'a.yaml:4:36: spec.clientSecret["…"]: unknown field; did you mean "value"?',
    ],
    'something that is no document': ['- a\n', 'a.yaml:1:1: expected a document: a mapping with apiVersion and kind'],
    'a message for a reason that does not exist': [
      'apiVersion: ostiary.dev/v1alpha1\nkind: Configuration\nmetadata: {name: x}\nspec: {messages: {quota_spend: a}}\n',
      'a.yaml:4:19: spec.messages.quota_spend: unknown field; did you mean "quota_spent"?',
    ],
  };

  it.each(Object.entries(cases))('%s', async (_, [source, ...faults]) => {
    expect(await faultsOf(source)).toEqual(faults);
  });

  it('is told with all others at once, over files and documents', async () => {
    const faults = await faultsOf({
      'one.yaml': `${API}spec: {hots: [a]}\n---\n${CLIENT}spec: {clientId: 1}\n`,
      'two.json': [document('Contract', 'c', { clientApplication: 'nobody', api: 'nothing', status: 'aproved' })],
      'three.yaml': 'a: [\n',
    });
    const files = faults.map((fault) => fault.split(':', 1)[0]);
    expect(files).toEqual(['one.yaml', 'one.yaml', 'three.yaml', 'two.json', 'two.json', 'two.json']);
    // What it names is not there either: told last, since a fault before may be why.
    expect(faults.slice(4).every((fault) => fault.includes('of this name'))).toBe(true);
  });

  it('has the same places in JSON', async () => {
    const source = `[\n  ${JSON.stringify(document('Api', 'orders', { hots: ['a'], basePath: 'x' }))}\n]`;
    const column = (part: string) => (source.split('\n')[1] ?? '').indexOf(part) + 1;
    expect(await faultsOf({ 'a.json': source })).toEqual([
      `a.json:2:${column('"hots"')}: spec.hots: unknown field; did you mean "hosts"?`,
      `a.json:2:${column('"x"')}: spec.basePath: expected a path that starts with "/"`,
    ]);
  });

  it('names the place in a list of documents', async () => {
    const yaml = `kind: List\nitems:\n  - ${API.trimEnd().replaceAll('\n', '\n    ')}\n    spec: {basePath: x}\n`;
    expect(await faultsOf(yaml)).toEqual(['a.yaml:6:22: spec.basePath: expected a path that starts with "/"']);
  });

  it('is told a thousand times at most, and the rest is counted', async () => {
    const documents = Array.from({ length: 3000 }, (_, i) => document('Contract', `c${i}`, {}));
    const faults = await faultsOf({ 'a.json': documents });
    expect(faults).toHaveLength(1001);
    expect(faults.at(-1)).toBe('…: and 5000 more faults');
  });
});

describe('a secret in the wrong place', () => {
  const secret = 'S3cretBang';
  const spec = (field: string): string =>
    `apiVersion: ostiary.dev/v1alpha1\nkind: ClientApplication\nmetadata: {name: a}\nspec:\n  clientId: a\n  ${field}\n`;

  it.each([
    [
      'a field of clientSecret',
      spec(`clientSecret: {value: x, ${secret}: y}`),
      'spec.clientSecret["…"]: unknown field',
    ],
    ['a field without a value', spec(`clientSecret: {${secret}}`), 'spec.clientSecret'],
    ['one of clientSecrets', spec(`clientSecrets: [{value: x, ${secret}: y}]`), 'spec.clientSecrets[0]["…"]: unknown'],
    ['deeper', spec(`clientSecret: {value: {${secret}: {${secret}: 1}}}`), 'spec.clientSecret.value: expected text'],
    ['a tag', spec(`clientSecret: {value: !${secret} }`), 'not valid YAML: Unresolved tag'],
    ['a tag of a handle', spec(`clientSecret: {value: !x!${secret} y}`), 'not valid YAML: '],
    ['a verbatim tag', spec(`clientSecret: {value: !<${secret}> y}`), 'not valid YAML: '],
    ['the head of a block', spec(`clientSecret:\n    value: |${secret}\n      x`), 'not valid YAML: '],
    ['an escape', spec(`clientSecret: {value: "\\${secret}"}`), 'not valid YAML: '],
    ['an alias', spec(`clientSecret: {value: *${secret}}`), 'aliases such as *name'],
    ['an anchor', spec(`clientSecret: {value: &${secret} &b x}`), 'not valid YAML: '],
    ['a directive', `%${secret} 1\n---\n${spec('')}`, 'directives such as %YAML'],
    ['nothing but it', `${secret}\n`, 'expected a document'],
  ])('is not told where it is %s', async (_, text, told) => {
    const faults = (await faultsOf(text)).join('\n');
    expect(faults).toContain(told);
    expect(faults).not.toContain(secret);
    expect(faults).not.toContain('3cretBang');
  });

  it('is not told where it stands alone in a mapping', async () => {
    const faults = await faultsOf(spec(`clientSecret: {salt: a, sha256: ${'0'.repeat(64)}, ${secret}: x}`));
    expect(faults.join()).toMatch(/spec\.clientSecret\["…"\]: unknown field/);
    expect(faults.join()).not.toContain(secret);
  });

  it('is not told where it is a field of textKey', async () => {
    const policies = [{ policyRef: { name: 'gate' }, config: { textKey: { [secret]: 1 } } }];
    const faults = (await faultsOf({ 'a.json': document('Api', 'orders', { policies }) })).join('\n');
    expect(faults).toContain('textKey');
    expect(faults).not.toContain(secret);
  });
});
