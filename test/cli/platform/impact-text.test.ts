import { create } from '@bufbuild/protobuf';
import { expect, it } from 'vitest';
import { ImpactSchema } from '../../../gen/ostiary/v1/resources_pb.js';
import { impactText } from '../../../src/cli/platform/impact-text.ts';

it('says in a line whom a change concerns', () => {
  const impact = create(ImpactSchema, {
    apis: { count: 1, names: ['shop/orders'] },
    clients: { count: 12, names: ['a', 'b', 'c', 'd', 'e', 'f'] },
    contracts: { count: 0 },
    sidecars: { count: 3 },
  });
  expect(impactText(impact)).toBe('concerns 1 API (shop/orders), 12 clients (a, b, c, d, e, …) and 3 sidecars');
  expect(impactText(create(ImpactSchema, { apis: { count: 1, names: ['x\u001b[31m'] } }))).toBe(
    'concerns 1 API (x\\u{1b}[31m)',
  );
  expect(impactText(undefined)).toBe('');
});
