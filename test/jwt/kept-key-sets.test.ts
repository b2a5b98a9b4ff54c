import { join } from 'node:path';
import { expect, test } from 'vitest';
import { FileAccess } from '../../src/file-access.ts';
import { openKeySetFolder } from '../../src/jwt/key-set-folder.ts';
import { scratchFolder } from '../real/scratch.ts';
import { answering, JwksServer, publish, signingKey } from './issuer.ts';
import { NEED, WatchedKeySets } from './watched-key-sets.ts';

const first = await signingKey('ES256', 'k1');
const second = await signingKey('ES256', 'k2');

function folderOf(watched: () => WatchedKeySets) {
  const folder = join(scratchFolder('kept'), 'keys');
  const access = new FileAccess(2000);
  const open = () =>
    openKeySetFolder({ folder, access, now: () => watched().time.now(), userId: process.getuid?.(), onFault() {} });
  return open;
}

/** A process that has fetched the set once, and is gone. */
async function fetchedOnce(
  server: JwksServer,
  open: ReturnType<typeof folderOf>,
  use: (watched: WatchedKeySets) => void,
) {
  using watched = new WatchedKeySets();
  use(watched);
  const store = await open();
  watched.keep(store);
  watched.sets.hold(server.url, NEED);
  watched.time.advance(0);
  await watched.ended(1);
  await expect.poll(() => store.read(new URL(server.url).href)).toBeDefined();
}

test('a kept set is used where its issuer is away at the start, and gives way when it is back', async () => {
  await using server = await JwksServer.publishing(first);
  let current = new WatchedKeySets();
  const open = folderOf(() => current);
  await fetchedOnce(server, open, (watched) => (current = watched));

  server.answer = answering(503, 'away');
  using watched = new WatchedKeySets();
  current = watched;
  watched.time.advance(3_600_000);
  watched.keep(await open());
  const { set } = watched.sets.hold(server.url, NEED);
  watched.time.advance(0);
  await watched.ended(1);
  expect(set.keysFor('ES256', 'k1')).toHaveLength(1);
  const [status] = watched.sets.status();
  expect(status).toMatchObject({ stored: true, failing: true, lastSuccess: watched.time.now() - 3_600_000 });
  // As soon as where there is no set at all.
  expect(watched.time.nextTimerInMs).toBeLessThanOrEqual(1000);

  server.answer = publish(second);
  watched.time.advance(1000);
  await watched.ended(2);
  expect([set.keysFor('ES256', 'k1'), set.keysFor('ES256', 'k2')]).toMatchObject([[], [{}]]);
  expect(watched.sets.status()[0]).not.toHaveProperty('stored');
});

test('a kept set stands in for an issuer that hangs', async () => {
  await using server = await JwksServer.publishing(first);
  let current = new WatchedKeySets();
  const open = folderOf(() => current);
  await fetchedOnce(server, open, (watched) => (current = watched));

  server.answer = () => {};
  using watched = new WatchedKeySets();
  current = watched;
  watched.keep(await open());
  const { set } = watched.sets.hold(server.url, NEED);
  const loaded = watched.sets.untilLoaded(5000);
  watched.time.advance(0);
  await expect.poll(() => server.requests).toBe(2);
  watched.time.advance(2000);
  expect(await loaded).toEqual([]);
  expect(set.keysFor('ES256', 'k1')).toHaveLength(1);
});

test('a kept set is not used where its issuer answers: what it says counts', async () => {
  await using server = await JwksServer.publishing(first);
  let current = new WatchedKeySets();
  const open = folderOf(() => current);
  await fetchedOnce(server, open, (watched) => (current = watched));

  for (const answer of [answering(404, 'gone'), answering(200, '{"keys": "none"}')]) {
    server.answer = answer;
    using watched = new WatchedKeySets();
    current = watched;
    watched.keep(await open());
    const { set } = watched.sets.hold(server.url, NEED);
    watched.time.advance(0);
    await watched.ended(1);
    expect(set.loaded).toBe(false);
  }
});

test('waiting for the first sets ends when all are loaded, or when its time is over', async () => {
  await using server = await JwksServer.publishing(first);
  await using dead = await JwksServer.publishing(first);
  dead.answer = answering(500, '');
  using watched = new WatchedKeySets();
  expect(await watched.sets.untilLoaded(5000)).toEqual([]);
  watched.sets.hold(server.url, NEED);
  const all = watched.sets.untilLoaded(5000);
  watched.time.advance(0);
  expect(await all).toEqual([]);

  watched.sets.hold(dead.url, NEED);
  expect(await watched.sets.untilLoaded(0)).toHaveLength(1);
  let isOver = false;
  const some = watched.sets.untilLoaded(5000).finally(() => (isOver = true));
  watched.time.advance(0);
  await watched.ended(2);
  expect(isOver).toBe(false);
  watched.time.advance(5000);
  expect(await some).toMatchObject([{ url: dead.url, failing: true, detail: 'it answers 500' }]);
});
