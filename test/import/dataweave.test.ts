import { expect, test } from 'vitest';
import { compileCelSelection } from '../../src/policy/cel-expression.ts';
import { celOfDataWeave } from '../../src/import/dataweave.ts';
import { importing, inApi } from './run-import.ts';

test.each([
  ['#[attributes.method ++ attributes.requestPath]', 'request.method + request.path'],
  [
    "#[attributes.method == 'GET' or attributes.method == 'HEAD']",
    "(request.method == 'GET' || request.method == 'HEAD')",
  ],
  ["#[not attributes.headers.'x-team' contains 'vans']", undefined],
  ["#[not (attributes.headers['X-Team'] contains 'vans')]", "!(request.headers['x-team'].contains('vans'))"],
  [
    "#[attributes.headers['x-team'] default 'none']",
    "('x-team' in request.headers ? request.headers['x-team'] : 'none')",
  ],
  ["#[lower(attributes.queryParams['q'])]", "request.query['q'].lowerAscii()"],
  ["#[if (attributes.method == 'GET') 'read' else 'write']", "(request.method == 'GET' ? 'read' : 'write')"],
  ["#[['GET', 'HEAD'] contains attributes.method]", "request.method in ['GET', 'HEAD']"],
  ["#[(attributes.headers['authorization'] splitBy ' ')[1]]", "request.headers['authorization'].split(' ')[1]"],
  ['#[authentication.clientId]', 'client.id'],
  ['#[authentication.properties.claims.team]', "claims['team']"],
  [
    "#[dw::core::Strings::substringAfter(attributes.headers['authorization'], 'Bearer ')]",
    "(request.headers['authorization'].contains('Bearer ') ? request.headers['authorization'].substring(request.headers['authorization'].indexOf('Bearer ') + size('Bearer ')) : '')",
  ],
  ['#[uuid()]', undefined],
  ['#[payload.id]', undefined],
  ['#[attributes.statusCode]', undefined],
  ["#['a' ++ 'it\\'s']", undefined],
  [`#[${'('.repeat(500)}1${')'.repeat(500)}]`, undefined],
  ['#[attributes.method', undefined],
])('CEL for %s', (expression, cel) => {
  expect(celOfDataWeave(expression)).toBe(cel);
  if (cel !== undefined) expect(() => compileCelSelection(cel)).not.toThrow();
});

const withKey = (keySelector: string) =>
  importing(
    inApi(`- policyRef: { name: rate-limiting-flex }
  config:
    keySelector: ${keySelector}
    rateLimits: [{ maximumRequests: 1, timePeriodInMilliseconds: 1000 }]`),
  );

test('an expression that is no selection is refused by its line, with CEL that does the same', async () => {
  const { code, stderr } = await withKey('"#[attributes.method ++ attributes.requestPath]"');
  expect(code).toBe(1);
  expect(stderr).toContain(
    'flex.yaml:13:22: spec.policies[0].config.keySelector: the DataWeave expression "#[attributes.method ++ attributes.requestPath]" is not supported; ' +
      'CEL that does the same: {cel: "request.method + request.path"}',
  );
});

test('CEL in a copy of the document is taken over', async () => {
  const { code, documents } = await withKey('{cel: "request.method + request.path"}');
  expect(code).toBe(0);
  expect(documents[0]?.spec.policies?.[0]?.config).toMatchObject({
    keySelector: { cel: 'request.method + request.path' },
  });
});

test('one that nothing is known for says so', async () => {
  const { code, stderr } = await withKey('"#[uuid()]"');
  expect(code).toBe(1);
  expect(stderr).toContain('and no CEL is known that does the same: write {cel: …} here');
});
