import { expect, test } from 'vitest';
import fc from 'fast-check';
import { Known } from '../../src/kubernetes/known.ts';
import type { KubernetesObject } from '../../src/kubernetes/object.ts';
import { isLater } from '../../src/kubernetes/resource-version.ts';

const object = (name: string, version: number, uid = 'u'): KubernetesObject => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name, namespace: 'shop', uid, resourceVersion: String(version) },
});

const known = () => new Known((each) => Number(each.metadata.resourceVersion));

test('resource versions are compared as numbers of any length', () => {
  expect(isLater('10', '9')).toBe(true);
  expect(isLater('9', '10')).toBe(false);
  expect(isLater('9', '9')).toBe(false);
  expect(isLater('123456789012345678901', '123456789012345678900')).toBe(true);
  expect(isLater('opaque', '9')).toBe(true);
});

test('an event that is repeated, or older than what is known, changes nothing', () => {
  const objects = known();
  expect(objects.take('ADDED', object('a', 5))).toMatchObject({ key: 'shop/a', before: undefined, after: 5 });
  expect(objects.take('ADDED', object('a', 5))).toBeUndefined();
  expect(objects.take('MODIFIED', object('a', 4))).toBeUndefined();
  expect(objects.take('DELETED', object('a', 3))).toBeUndefined();
  expect(objects.kept.get('shop/a')).toBe(5);
});

test('a late event brings no deleted object back', () => {
  const objects = known();
  objects.take('ADDED', object('a', 5));
  expect(objects.take('DELETED', object('a', 7))).toMatchObject({ before: 5, after: undefined });
  expect(objects.take('MODIFIED', object('a', 6))).toBeUndefined();
  expect(objects.take('DELETED', object('a', 7))).toBeUndefined();
  expect(objects.take('ADDED', object('a', 8, 'other'))).toMatchObject({ after: 8 });
});

test('a deletion that comes before the object is known keeps it away', () => {
  const objects = known();
  expect(objects.take('DELETED', object('a', 7))).toBeUndefined();
  expect(objects.take('ADDED', object('a', 6))).toBeUndefined();
  expect(objects.kept.size).toBe(0);
});

test('a list tells what is new, what changed and what is gone, and nothing else', () => {
  const objects = known();
  for (const name of ['same', 'changed', 'gone']) objects.take('ADDED', object(name, 5));
  const changes = [...objects.replace([object('same', 5), object('changed', 9), object('new', 8)])];
  expect(changes.map(({ key, before, after }) => [key, before, after])).toEqual([
    ['shop/changed', 5, 9],
    ['shop/new', undefined, 8],
    ['shop/gone', 5, undefined],
  ]);
});

test('a list of a cluster that came back from a backup is believed, though it is older', () => {
  const objects = known();
  objects.take('ADDED', object('a', 50));
  expect([...objects.replace([object('a', 20)])]).toHaveLength(1);
  expect(objects.take('MODIFIED', object('a', 21))).toMatchObject({ after: 21 });
});

test('in whatever order events come, and however often, the last state is known and each change told once', () => {
  const event = fc.record({ name: fc.constantFrom('a', 'b'), isDeleted: fc.boolean() });
  fc.assert(
    fc.property(fc.array(event, { maxLength: 12 }), fc.infiniteStream(fc.nat()), (events, random) => {
      const told = events.map(({ name, isDeleted }, place) => {
        return { type: isDeleted ? ('DELETED' as const) : ('MODIFIED' as const), object: object(name, place + 1) };
      });
      const doubled = [...told, ...told].map((each) => ({ each, order: random.next().value }));
      const objects = known();
      for (const { each } of doubled.toSorted((one, other) => one.order - other.order))
        objects.take(each.type, each.object);
      const last = new Map(told.map((each) => [`shop/${each.object.metadata.name}`, each]));
      const expected = [...last].filter(([, { type }]) => type !== 'DELETED');
      expect(new Map(objects.kept)).toEqual(
        new Map(expected.map(([key, each]) => [key, Number(each.object.metadata.resourceVersion)])),
      );
    }),
  );
});
