import { generateKeyPairSync } from 'node:crypto';
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { systemClock, systemTimers } from '../../src/clock.ts';
import { systemFiles } from '../../src/file-access.ts';
import { MAGIC, RecordWriter } from '../../src/sync/cache-records.ts';
import { CacheFile } from '../../src/sync/cache-file.ts';
import { ControlSource } from '../../src/sync/control-source.ts';
import { deltaMessages, snapshotMessages } from '../../src/sync/encode.ts';
import { StateHash } from '../../src/sync/resource-key.ts';
import type { SyncedResource } from '../../src/sync/resource-key.ts';
import { EVERYTHING } from '../../src/sync/scope.ts';
import { fingerprintOf, readSnapshot, signSnapshot } from '../../src/sync/snapshot-file.ts';
import { SnapshotFollower } from '../../src/sync/snapshot-follower.ts';
import type { SnapshotFollowerOptions } from '../../src/sync/snapshot-follower.ts';
import { scratchFolder } from '../real/scratch.ts';
import { api } from './memory-log.ts';

const keys = generateKeyPairSync('ed25519');
const others = generateKeyPairSync('ed25519');
const LOG = 'a'.repeat(32);

interface Making {
  readonly history?: string;
  readonly names?: readonly string[];
  readonly by?: typeof keys;
  readonly cacheKey?: Buffer;
}

async function snapshot(revision: number, { history = LOG, names = ['orders'], by = keys, cacheKey }: Making = {}) {
  const hash = new StateHash();
  const resources = names.map((name): SyncedResource => {
    const key = { kind: 'Api', namespace: 'default', name };
    hash.add(key, revision);
    return {
      ...key,
      owner: 'api',
      key: `Api\ndefault\n${name}`,
      revision,
      createdRevision: 1,
      text: JSON.stringify(api(name)),
    };
  });
  const position = { history, revision, chainHash: revision.toString(16).padStart(64, '0'), committedAt: 1000 };
  const writer = new RecordWriter(cacheKey);
  const commit = { position, stateHash: hash.value, adopted: false };
  const messages = [
    ...(await snapshotMessages(resources, () => undefined)),
    ...deltaMessages([], () => undefined, commit),
  ];
  const records = messages.map((each) => writer.record(each, true));
  const head = {
    ...position,
    createdAt: 2000,
    scope: EVERYTHING,
    kinds: { Api: names.length },
    isEncrypted: cacheKey !== undefined,
  };
  return signSnapshot(head, [MAGIC, ...records], by);
}

describe('a snapshot', () => {
  it('tells what it holds, and by whom it is signed', async () => {
    const file = await snapshot(7);
    const { head } = readSnapshot(file, keys.publicKey);
    expect(head).toMatchObject({ history: LOG, revision: 7, kinds: { Api: 1 }, signer: fingerprintOf(keys.publicKey) });
  });

  it('is refused, each with a sentence of its own, where it is cut off, changed or signed by others', async () => {
    const file = await snapshot(7);
    const refusal = (bytes: Buffer, key = keys.publicKey): string => {
      try {
        readSnapshot(bytes, key);
        return 'taken';
      } catch (error) {
        return (error as Error).message;
      }
    };
    for (const end of [0, 5, 19, 100, 300])
      expect(refusal(file.subarray(0, end))).toMatch(/^is truncated: it ends after/);
    expect(refusal(file.subarray(0, -1))).toBe(`is truncated: it has ${file.length - 1} of ${file.length} bytes`);
    expect(refusal(Buffer.concat([file, Buffer.of(0)]))).toMatch(/^was changed: its documents/);
    expect(refusal(Buffer.from('something else'))).toBe('is no snapshot of a control plane');
    expect(refusal(file, others.publicKey)).toBe(
      `is signed with another key: ${fingerprintOf(keys.publicKey)}, and ${fingerprintOf(others.publicKey)} was expected`,
    );
    const text = file.toString('latin1');
    const changed = (from: string, to: string) => refusal(Buffer.from(text.replace(from, to), 'latin1'));
    expect(changed('"revision":7', '"revision":8')).toMatch(/^was changed: its signature is not of what it says/);
    expect(changed('/orders', '/0rders')).toMatch(/^was changed: its documents/);
    // Whoever signs it himself can't pass for the other.
    const forged = (await snapshot(7, { by: others })).toString('latin1');
    const renamed = forged.replace(fingerprintOf(others.publicKey), fingerprintOf(keys.publicKey));
    expect(refusal(Buffer.from(renamed, 'latin1'))).toMatch(/^was changed: its signature/);
    // No octet of it may be another.
    for (let at = 0; at < file.length; at += 7) {
      const other = Buffer.from(file);
      other[at] = (other[at] ?? 0) ^ 1;
      expect(refusal(other)).not.toBe('taken');
    }
  });
});

const CLOSING: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const each of CLOSING.splice(0).toReversed()) await each.close();
});

describe('who follows a snapshot', () => {
  interface Follower {
    readonly said: string[];
    readonly names: () => readonly string[];
    readonly source: ControlSource;
  }

  function follow(file: string, more: Partial<SnapshotFollowerOptions> = {}, cacheFolder?: string): Follower {
    const said: string[] = [];
    let names: readonly string[] = [];
    const options = { file, publicKey: keys.publicKey, cacheKey: undefined, takesOlder: false, ...more };
    const ports = { clock: systemClock, timers: systemTimers, access: systemFiles };
    const events = {
      inForce: ({ revision }: { revision: number }) => void said.push(`in force: ${revision}`),
      rejected: () => void said.push('rejected'),
      refused: (why: string, isFirst: boolean) => void said.push(`${isFirst ? 'first ' : ''}refused: ${why}`),
    };
    const source = new ControlSource(
      { addresses: [file] },
      {
        clock: systemClock,
        cache:
          cacheFolder === undefined
            ? undefined
            : new CacheFile({ folder: cacheFolder, key: undefined, access: systemFiles, userId: process.getuid?.() }),
        relay: undefined,
        readFile: () => Promise.reject(new Error('no files')),
        events: { cacheFault: (detail) => void said.push(`cache: ${detail}`) },
        follow: (followed) => {
          const follower = new SnapshotFollower(options, { ...ports, followed, events });
          follower.start();
          return follower;
        },
      },
    );
    void source.open(async ({ set }) => {
      if (set.complete) names = set.documents.map(({ document }) => document.metadata.name);
      else
        names = [
          ...names.filter((name) => !set.removals.some((removal) => removal.name === name)),
          ...set.upserts.map(({ document }) => document.metadata.name),
        ];
      return { result: 'in_force', version: '1' };
    });
    CLOSING.push(source);
    return { said, names: () => [...new Set(names)].toSorted(), source };
  }

  const place = (): { file: string; put: (bytes: Buffer) => void } => {
    const file = join(scratchFolder('snapshot'), 'orders.snapshot');
    return {
      file,
      put(bytes) {
        writeFileSync(`${file}.new`, bytes);
        renameSync(`${file}.new`, file);
      },
    };
  };
  const until = (said: readonly string[], what: RegExp) =>
    expect.poll(() => said.join('\n'), { timeout: 10_000 }).toMatch(what);

  it('enforces it, and what takes its place, but nothing older and nothing of another log', async () => {
    const { file, put } = place();
    put(await snapshot(7));
    const { said, names, source } = follow(file);
    await until(said, /in force: 7/);
    expect(source.lookedAt).toBe(2000);
    put(await snapshot(9, { names: ['bills', 'orders'] }));
    await until(said, /in force: 9/);
    expect(names()).toEqual(['bills', 'orders']);
    put(await snapshot(8));
    await until(said, /^refused: is older than what is in force, revision 8 and not 9: .*--allow-older-snapshot$/m);
    put(await snapshot(10, { history: 'b'.repeat(32) }));
    await until(said, /^refused: is of the log b+, and what is in force of a+: .*--allow-older-snapshot$/m);
    put((await snapshot(11)).subarray(0, -5));
    await until(said, /^refused: is truncated/m);
    put(await snapshot(12, { by: others }));
    await until(said, /^refused: is signed with another key/m);
    expect(names()).toEqual(['bills', 'orders']);
    put(await snapshot(13));
    await until(said, /in force: 13/);
    expect(names()).toEqual(['orders']);
  });

  it('knows what it had after a restart by its cache, and goes back where it is asked to', async () => {
    const { file, put } = place();
    const cache = join(scratchFolder('cache'), 'c');
    put(await snapshot(9));
    const first = follow(file, {}, cache);
    await until(first.said, /in force: 9/);
    await first.source.close();
    put(await snapshot(7, { names: ['older'] }));
    const second = follow(file, {}, cache);
    await until(second.said, /^refused: is older than what is in force, revision 7 and not 9/m);
    expect(second.names()).toEqual(['orders']);
    await second.source.close();
    const third = follow(file, { takesOlder: true }, cache);
    await until(third.said, /in force: 7/);
    expect(third.names()).toEqual(['older']);
    // Without it, there is nothing to compare with.
    const fourth = follow(file);
    await until(fourth.said, /in force: 7/);
  });

  it('needs the key that it is encrypted with', async () => {
    const { file, put } = place();
    const cacheKey = Buffer.alloc(32, 'k');
    put(await snapshot(7, { cacheKey }));
    await until(follow(file).said, /^first refused: is encrypted: give --cache-key-file/);
    await until(
      follow(file, { cacheKey: Buffer.alloc(32, 'x') }).said,
      /^first refused: is encrypted with another key/,
    );
    await until(follow(file, { cacheKey }).said, /in force: 7/);
    put(await snapshot(8));
    await until(follow(file, { cacheKey }).said, /in force: 8/);
  });
});
