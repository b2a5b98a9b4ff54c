import { describe, expect, test } from 'vitest';
import { FLEX, importing } from './run-import.ts';

const api = (name: string, address: string, namespace = 'default') => `---
${FLEX}
kind: ApiInstance
metadata: { name: ${name}, namespace: ${namespace}, labels: { team: vans } }
spec: { address: '${address}' }
`;

describe('what would be decided otherwise is refused', () => {
  test.each([
    ['http://0.0.0.0:8080', 'http://0.0.0.0:8081'],
    ['http://0.0.0.0:8080', 'http://0.0.0.0:8081/below'],
    ['http://0.0.0.0:8080/a', 'https://0.0.0.0/a/b'],
  ])('where only the port tells APIs apart: %s, %s', async (first, second) => {
    const text = api('one', first) + api('two', second, 'shop');
    const { code, stderr } = await importing(text);
    expect(code).toBe(1);
    expect(stderr).toContain(
      'flex.yaml:10:18: spec.address: only the port tells shop/two from one, and ostiary does not decide by ports: say by which hosts they are reached, --host shop/two=HOST --host one=HOST',
    );
    const named = await importing(
      text,
      '--host',
      'one=one.example',
      '--host',
      'shop/two=two.example',
      '--host',
      'one=uno.example',
    );
    expect({ code: named.code, validated: named.validated?.code }).toEqual({ code: 0, validated: 0 });
    expect(named.documents.map(({ spec }) => spec['hosts'])).toEqual([['one.example', 'uno.example'], ['two.example']]);
    const alone = await importing(text, '--host', 'one=one.example');
    expect(alone.code).toBe(1);
  });

  test('base paths that do not overlap need no hosts', async () => {
    const { code } = await importing(api('one', 'http://0.0.0.0:8080/a') + api('two', 'http://0.0.0.0:8081/ab'));
    expect(code).toBe(0);
  });

  test('a host of an ApiInstance that is not there', async () => {
    const { code, stderr } = await importing(api('one', 'http://0.0.0.0:8080/a'), '--host', 'tow=two.example');
    expect(code).toBe(1);
    expect(stderr).toContain('--host: there is no ApiInstance tow');
  });

  test('where a selector means an API of another namespace too', async () => {
    const binding = `---
${FLEX}
kind: PolicyBinding
metadata: { name: limit }
spec:
  targetRef: { kind: Selector, selector: { labels: { team: vans } } }
  policyRef: { name: rate-limiting-flex }
  config: { rateLimits: [{ maximumRequests: 1, timePeriodInMilliseconds: 1000 }] }
`;
    const { code, stderr } = await importing(api('one', 'http://0.0.0.0:8080/a', 'shop') + binding);
    expect(code).toBe(1);
    expect(stderr).toContain('flex.yaml:11:14: spec.targetRef: selects shop/one of another namespace too');
  });

  test.each([
    ['kind: Secret', 'kind: expected ApiInstance, PolicyBinding, Configuration, Service or Extension'],
    [
      'kind: PolicyBinding\nspec: { targetRef: { kind: Service, name: x }, policyRef: { name: cors-flex } }',
      'spec.targetRef.kind: a Service is a cluster of Envoy',
    ],
    [
      'kind: PolicyBinding\nspec: { targetRef: { Kind: Service, name: x }, policyRef: { name: cors-flex } }',
      'spec.targetRef.Kind: unknown field; did you mean "kind"?',
    ],
    [
      'kind: PolicyBinding\nspec: { targetRef: { name: nobody }, policyRef: { name: cors-flex } }',
      'spec.targetRef.name: ',
    ],
    ['kind: ApiInstance\nspec: { address: 8080 }', 'spec.address: expected text'],
    ['kind: ApiInstance\nspec: { address: tcp://x }', 'spec.address: expected http://0.0.0.0:PORT/BASEPATH'],
    [
      'kind: ApiInstance\nspec: { address: "http://0.0.0.0:80", adress: 1 }',
      'spec.adress: unknown field; did you mean "address"?',
    ],
    [
      'kind: ApiInstance\nspec: { address: "http://0.0.0.0:80", policies: [{ policyRef: { name: cors-flex }, rules: [{ methods: [GET] }] }] }',
      'spec.policies[0].rules[0].methods: expected text such as GET|POST',
    ],
    [
      'kind: ApiInstance\nspec: { address: "http://0.0.0.0:80", policies: [{ policyRef: { name: cors-flex }, rules: [{ verb: GET }] }] }',
      'spec.policies[0].rules[0].verb: unknown field',
    ],
    [
      'kind: ApiInstance\nspec: { address: "http://0.0.0.0:80", policies: {} }',
      'spec.policies: expected a list of mappings',
    ],
  ])('%s', async (text, said) => {
    const { code, stderr } = await importing(`${FLEX}\nmetadata: { name: x }\n${text}\n`);
    expect(code).toBe(1);
    expect(stderr).toContain(said);
  });

  test('documents that are no Flex', async () => {
    const { code, stderr } = await importing('apiVersion: v1\nkind: Service\nmetadata: { name: x }\n');
    expect(code).toBe(1);
    expect(stderr).toContain('flex.yaml:1:13: apiVersion: expected "gateway.mulesoft.com/v1alpha1"');
  });
});
