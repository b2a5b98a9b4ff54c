import { expect, test } from 'vitest';
import { Frames } from '../../console/src/api/stream.ts';
import { encoded } from './frames.ts';

test('frames that come in any pieces are the messages that were sent', () => {
  const sent = encoded([
    [0, '{"a":"ü"}'],
    [0, ''],
    [2, '{}'],
  ]);
  for (let size = 1; size <= sent.length; size++) {
    const frames = new Frames();
    const got = [];
    for (let at = 0; at < sent.length; at += size) got.push(...frames.take(sent.subarray(at, at + size)));
    expect(got).toEqual([
      { flags: 0, text: '{"a":"ü"}' },
      { flags: 0, text: '' },
      { flags: 2, text: '{}' },
    ]);
  }
});
