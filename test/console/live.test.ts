import { expect, test } from 'vitest';
import { WATCHED_KINDS } from '../../console/src/api/live.ts';
import { documentSchemas } from '../../src/document/schema.ts';

test('a page follows every kind but Secrets: it reads none of them', () => {
  const kinds = Object.keys(documentSchemas).filter((kind) => kind !== 'Secret');
  expect(WATCHED_KINDS).toEqual(kinds.toSorted());
});
