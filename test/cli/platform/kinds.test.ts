import { expect, it } from 'vitest';
import { documentSchemas } from '../../../src/document/schema.ts';
import { kindOf, namedIn, shortName } from '../../../src/cli/platform/kinds.ts';

it('knows every kind of document by its name, in either number', () => {
  for (const kind of Object.keys(documentSchemas)) {
    expect(kindOf(kind)).toBe(kind);
    expect(kindOf(`${kind}s`)).toBe(kind);
  }
});

it('suggests what was meant', () => {
  expect(() => kindOf('contarct')).toThrow('there is no kind "contarct"; did you mean "contract"? There are apis,');
});

it.each([
  [['api', 'orders'], undefined, { kind: 'Api', namespace: '', name: 'orders' }],
  [['api/orders'], undefined, { kind: 'Api', namespace: '', name: 'orders' }],
  [['api', 'orders'], 'shop', { kind: 'Api', namespace: 'shop', name: 'orders' }],
  [['apps/shop/web'], undefined, { kind: 'ClientApplication', namespace: 'shop', name: 'web' }],
  [['team', 'shop'], undefined, { kind: 'Team', namespace: 'platform', name: 'shop' }],
  [['team', 'shop'], 'shop', { kind: 'Team', namespace: 'shop', name: 'shop' }],
  [['teams'], undefined, { kind: 'Team', namespace: '', name: undefined }],
  [['contracts'], 'shop', { kind: 'Contract', namespace: 'shop', name: undefined }],
])('reads %j in namespace %j', (positionals, namespace, expected) => {
  expect(namedIn(positionals, namespace)).toEqual(expected);
});

it('refuses more than one name', () => {
  expect(() => namedIn(['api/orders', 'billing'], undefined)).toThrow('names more than one thing');
});

it('writes names as they are read', () => {
  expect(shortName({ kind: 'Api', namespace: 'default', name: 'orders' })).toBe('api/orders');
  expect(shortName({ kind: 'Api', namespace: 'shop', name: 'orders' })).toBe('api/shop/orders');
});
