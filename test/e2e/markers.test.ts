import { expect, test } from 'vitest';
import { Markers } from './markers.ts';

test('the search finds a secret in every form', () => {
  const found = new Markers();
  const secret = found.mark('place');
  for (const text of [
    secret,
    `{"a":"${secret}"}`,
    Buffer.from(`user:${secret}`).toString('base64'),
    Buffer.from(`me:${secret}`).toString('base64'),
    Buffer.from(secret).toString('hex'),
  ])
    expect(found.foundIn(`before ${text} after`)).toEqual(['place']);
  expect(found.foundIn('nothing')).toEqual([]);
});
