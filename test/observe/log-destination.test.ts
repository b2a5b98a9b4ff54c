import { PassThrough, Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { streamDestination } from '../../src/observe/log-destination.ts';

/** Lines wait for others so long at most, and then some. */
const nextBatch = () => sleep(60);

test('lines that come together are one write, in their order', async () => {
  const writes: string[] = [];
  const destination = streamDestination({ stream: collecting(writes), dropped: () => {} });
  destination.write('a\n');
  destination.write('b\n');
  await nextBatch();
  destination.write('c\n');
  await nextBatch();
  expect(writes).toEqual(['a\nb\n', 'c\n']);
});

test('a flush writes what still waits', async () => {
  const writes: string[] = [];
  const destination = streamDestination({ stream: collecting(writes), dropped: () => {} });
  destination.write('last words\n');
  await destination.flush();
  expect(writes.join('')).toBe('last words\n');
});

test('a reader that stands still costs bounded memory and a bounded flush, and lines beyond are counted', async () => {
  let dropped = 0;
  const stuck = new Writable({ write: () => {} });
  const destination = streamDestination({
    stream: stuck,
    dropped: () => (dropped += 1),
    maxBufferedBytes: 1000,
    flushMs: 20,
  });
  for (let i = 0; i < 100; i++) {
    destination.write(`${'x'.repeat(99)}\n`);
    if (i % 7 === 0) await sleep(1);
  }
  expect(dropped).toBe(89);
  expect(stuck.writableLength).toBeLessThanOrEqual(1100);
  await destination.flush();
});

test('a reader that has gone does not end the process: its lines are counted', async () => {
  let dropped = 0;
  const stream = new PassThrough();
  const destination = streamDestination({ stream, dropped: () => (dropped += 1), flushMs: 20 });
  stream.destroy(new Error('EPIPE'));
  await nextBatch();
  destination.write('nobody reads this\n');
  expect(dropped).toBe(2);
  await destination.flush();
});

function collecting(writes: string[]): Writable {
  return new Writable({
    write(chunk, _encoding, done) {
      writes.push(String(chunk));
      done();
    },
  });
}
