import { chmodSync, chownSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { FileAccess } from '../../src/file-access.ts';
import { openKeySetFolder } from '../../src/jwt/key-set-folder.ts';
import type { KeySetStore } from '../../src/jwt/key-set-folder.ts';
import { mountHung, releaseAfterEach } from '../real/hung-mount.ts';
import { scratchFolder } from '../real/scratch.ts';

const DAY_MS = 24 * 3_600_000;
const KEY_SET_URL = 'https://issuer.example.com/jwks.json?key=secret';
const TEXT = '{"keys":[]}';

class Kept {
  readonly faults: string[] = [];
  readonly folder: string;
  nowMs = 1_700_000_000_000;

  constructor(folder = join(scratchFolder('keys'), 'sets')) {
    this.folder = folder;
  }

  open(): Promise<KeySetStore> {
    const access = new FileAccess(300);
    const onFault = (message: string) => void this.faults.push(message);
    return openKeySetFolder({
      folder: this.folder,
      access,
      now: () => this.nowMs,
      userId: process.getuid?.(),
      onFault,
    });
  }

  get file(): string {
    const [name = ''] = readdirSync(this.folder);
    return join(this.folder, name);
  }
}

describe('a folder of key sets', () => {
  test('gives back what was kept, by its URL alone, and outlives the process', async () => {
    const kept = new Kept();
    const store = await kept.open();
    expect(await store.read(KEY_SET_URL)).toBeUndefined();
    await store.write(KEY_SET_URL, { text: TEXT, fetchedAt: kept.nowMs });
    await store.write(KEY_SET_URL, { text: '{"keys":[1]}', fetchedAt: kept.nowMs });
    expect(await (await kept.open()).read(KEY_SET_URL)).toEqual({ text: '{"keys":[1]}', fetchedAt: kept.nowMs });
    expect(await store.read(`${KEY_SET_URL}2`)).toBeUndefined();
    expect(kept.faults).toEqual([]);
  });

  test('is readable by our user alone, and shows no URL: it may hold a secret', async () => {
    const kept = new Kept();
    const store = await kept.open();
    await store.write(KEY_SET_URL, { text: TEXT, fetchedAt: kept.nowMs });
    expect(readdirSync(kept.folder)).toEqual([expect.stringMatching(/^[0-9a-f]{64}\.json$/)]);
    expect(statSync(kept.folder).mode & 0o777).toBe(0o700);
    expect(statSync(kept.file).mode & 0o777).toBe(0o600);
    expect(readFileSync(kept.file, 'utf8')).not.toContain('secret');
  });

  test.each<[string, (content: string) => string, string]>([
    ['cut', (content) => content.slice(0, -20), 'is no JSON'],
    ['changed', (content) => content.replace('keys', 'kezs'), 'does not match its checksum'],
    [
      'given another time',
      (content) => content.replace(/"fetchedAt":\d+/, '"fetchedAt":1'),
      'does not match its checksum',
    ],
    ['emptied', () => '', 'is no JSON'],
    ['replaced by null', () => 'null', 'does not match its checksum'],
  ])('uses no file that was %s', async (_, change, why) => {
    const kept = new Kept();
    const store = await kept.open();
    await store.write(KEY_SET_URL, { text: TEXT, fetchedAt: kept.nowMs });
    writeFileSync(kept.file, change(readFileSync(kept.file, 'utf8')));
    expect(await store.read(KEY_SET_URL)).toBeUndefined();
    expect(kept.faults).toEqual([expect.stringContaining(`the key set is not used: ${why}`)]);
  });

  test('uses no set of another URL, whatever its file is called', async () => {
    const kept = new Kept();
    const store = await kept.open();
    await store.write(KEY_SET_URL, { text: TEXT, fetchedAt: kept.nowMs });
    const content = readFileSync(kept.file);
    const first = kept.file;
    await store.write('https://other.example.com/', { text: TEXT, fetchedAt: kept.nowMs });
    const other = readdirSync(kept.folder)
      .map((name) => join(kept.folder, name))
      .find((path) => path !== first);
    writeFileSync(other ?? '', content);
    expect(await store.read('https://other.example.com/')).toBeUndefined();
    expect(kept.faults).toEqual([expect.stringContaining('is of another URL')]);
  });

  test('uses no set that is older than a day, or of a time to come', async () => {
    const kept = new Kept();
    const store = await kept.open();
    await store.write(KEY_SET_URL, { text: TEXT, fetchedAt: kept.nowMs });
    kept.nowMs += DAY_MS;
    expect(await store.read(KEY_SET_URL)).toBeDefined();
    kept.nowMs += 1;
    expect(await store.read(KEY_SET_URL)).toBeUndefined();
    kept.nowMs -= DAY_MS + 600_000;
    expect(await store.read(KEY_SET_URL)).toBeUndefined();
    expect(kept.faults.map((fault) => fault.replace(/^.*used: /, ''))).toEqual([
      'is older than a day',
      'has a time that is yet to come',
    ]);
  });

  test('that others may write to is refused at the start, and no longer used', async () => {
    const open = scratchFolder('open');
    chmodSync(open, 0o777);
    await expect(new Kept(open).open()).rejects.toThrow(
      /^--key-set-folder .*others may write to the folder.*chmod 0700/,
    );
    const kept = new Kept();
    const store = await kept.open();
    await store.write(KEY_SET_URL, { text: TEXT, fetchedAt: kept.nowMs });
    chmodSync(kept.folder, 0o770);
    expect(await store.read(KEY_SET_URL)).toBeUndefined();
    await store.write(KEY_SET_URL, { text: TEXT, fetchedAt: kept.nowMs });
    expect(kept.faults).toEqual([
      expect.stringContaining('not used: others may write'),
      expect.stringContaining('not kept: others may write'),
    ]);
  });

  test.skipIf(process.getuid?.() !== 0)('of another user is refused', async () => {
    const folder = scratchFolder('foreign');
    chownSync(folder, 12_345, 12_345);
    await expect(new Kept(folder).open()).rejects.toThrow('belongs to another user (12345)');
  });

  test.skipIf(process.getuid?.() !== 0)(
    'with a file of another user, or one that others may write to, gives no keys',
    async () => {
      const kept = new Kept();
      const store = await kept.open();
      await store.write(KEY_SET_URL, { text: TEXT, fetchedAt: kept.nowMs });
      chownSync(kept.file, 12_345, 12_345);
      expect(await store.read(KEY_SET_URL)).toBeUndefined();
      chownSync(kept.file, 0, 0);
      expect(await store.read(KEY_SET_URL)).toBeDefined();
      chmodSync(kept.file, 0o666);
      expect(await store.read(KEY_SET_URL)).toBeUndefined();
      const why = expect.stringContaining('not used: belongs to another user, or others may write to it') as string;
      expect(kept.faults).toEqual([why, why]);
    },
  );

  test('that is a file, or has no folder above it, is a fault of the start', async () => {
    const folder = scratchFolder('none');
    writeFileSync(join(folder, 'file'), '');
    await expect(new Kept(join(folder, 'file')).open()).rejects.toThrow('expected a folder');
    await expect(new Kept(join(folder, 'a/b')).open()).rejects.toThrow('there is no such file or directory');
  });

  test.skipIf(mountHung === undefined)('on a mount that does not answer costs a limited time', async () => {
    const kept = new Kept();
    mkdirSync(kept.folder, { mode: 0o700 });
    const store = await kept.open();
    mountHung?.(kept.folder);
    expect(await store.read(KEY_SET_URL)).toBeUndefined();
    await store.write(KEY_SET_URL, { text: TEXT, fetchedAt: kept.nowMs });
    expect(kept.faults).toHaveLength(2);
  });
  releaseAfterEach();
});
