import { linkSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FileAccess } from '../../src/file-access.ts';
import { localReferences } from '../../src/serve/local-references.ts';
import { readBelow } from '../../src/serve/secrets-dir.ts';
import { scratchFolder } from '../real/scratch.ts';

const access = new FileAccess(5000);

function folders(): { readonly inside: string; readonly outside: string } {
  const root = scratchFolder('secrets-dir');
  const [inside, outside] = [join(root, 'in'), join(root, 'in-not')];
  for (const folder of [inside, outside]) {
    mkdirSync(join(folder, 'ldap'), { recursive: true });
    writeFileSync(join(folder, 'ldap/password'), `of ${folder}`);
  }
  return { inside, outside };
}

const read = async (folder: string, path: string): Promise<string> =>
  (await readBelow(folder, path, 1000, access)).toString();

describe('the folder of --secrets-dir', () => {
  it('gives its files, by links within it too, as Kubernetes makes them', async () => {
    const { inside } = folders();
    expect(await read(inside, 'ldap/password')).toBe(`of ${inside}`);
    expect(await read(inside, './ldap//password')).toBe(`of ${inside}`);
    mkdirSync(join(inside, '..2026'));
    writeFileSync(join(inside, '..2026/key'), 'mounted');
    symlinkSync('..2026', join(inside, '..data'));
    symlinkSync('..data/key', join(inside, 'key'));
    expect(await read(inside, 'key')).toBe('mounted');
    // The folder itself may be a link.
    symlinkSync(inside, `${inside}-link`);
    expect(await read(`${inside}-link`, 'key')).toBe('mounted');
  });

  it.each([
    ['an absolute path', '/etc/hostname'],
    ['a path that leads up', '../in-not/ldap/password'],
    ['one that leads up in the middle', 'ldap/../../in-not/ldap/password'],
    ['one with a NUL', 'ldap/password\u0000.txt'],
    ['one of Windows', 'C:\\secret'],
    ['one that leads up as on Windows', '..\\in-not\\ldap\\password'],
    ['an empty one', ''],
  ])('gives nothing for %s', async (_what, path) => {
    await expect(read(folders().inside, path)).rejects.toThrow(
      /^is named by its path below the folder of --secrets-dir/,
    );
  });

  it('gives nothing for itself, a folder, what is not there, or by a link that leads out', async () => {
    const { inside, outside } = folders();
    await expect(read(inside, '.')).rejects.toThrow('leads out of');
    await expect(read(inside, 'ldap')).rejects.toThrow('is a directory');
    await expect(read(inside, 'none')).rejects.toThrow('ENOENT');
    await expect(read(join(inside, 'none'), 'x')).rejects.toThrow(
      /^the folder of --secrets-dir .*: there is no such file/,
    );
    symlinkSync(join(outside, 'ldap/password'), join(inside, 'file'));
    symlinkSync('../in-not', join(inside, 'folder'));
    symlinkSync('/proc/self/environ', join(inside, 'environ'));
    for (const path of ['file', 'folder/ldap/password', 'environ']) {
      await expect(read(inside, path)).rejects.toThrow('leads out of --secrets-dir by a link');
    }
    await expect(readBelow(inside, 'ldap/password', 2, access)).rejects.toThrow('has more than 2 bytes');
  });

  it('gives nothing of elsewhere to whoever swaps a folder for a link while it is read', async () => {
    const { inside, outside } = folders();
    mkdirSync(join(inside, 'real/ldap'), { recursive: true });
    linkSync(join(inside, 'ldap/password'), join(inside, 'real/ldap/password'));
    const spot = join(inside, 'spot');
    const swapped = { isDone: false };
    const swap = async (): Promise<void> => {
      for (let turn = 0; !swapped.isDone; turn++) {
        symlinkSync(turn % 2 === 0 ? join(inside, 'real') : outside, `${spot}.new`);
        renameSync(`${spot}.new`, spot);
        await new Promise((resolve) => setImmediate(resolve));
      }
    };
    const swapping = swap();
    const seen = new Set<string>();
    for (let turn = 0; turn < 300; turn++) {
      seen.add(await read(inside, 'spot/ldap/password').catch((error: Error) => error.message));
    }
    swapped.isDone = true;
    await swapping;
    rmSync(spot);
    expect([...seen]).not.toContain(`of ${outside}`);
    expect(seen.size).toBeGreaterThan(1);
  });
});

describe('what documents of a control plane read of a sidecar', () => {
  it('is what flags list, and else a sentence says which flag to add', async () => {
    const { inside } = folders();
    const none = localReferences({ allowEnv: [], secretsDir: undefined }, { HOME: '/root', TOKEN: 'x' });
    expect(none.env).toEqual({});
    expect(none.unset?.('TOKEN')).toMatch(/does not allow: start it with --allow-env TOKEN$/);
    await expect(none.readFile('ldap/password', 100)).rejects.toThrow(
      /allows no files: start it with --secrets-dir DIR/,
    );
    const some = localReferences({ allowEnv: ['A,TOKEN', 'B'], secretsDir: inside }, { HOME: '/root', TOKEN: 'x' });
    expect(some.env).toEqual({ A: undefined, TOKEN: 'x', B: undefined });
    expect(some.unset?.('A')).toMatch(/^the environment variable A, which --allow-env lists, is not set/);
    expect((await some.readFile('ldap/password', 100)).toString()).toBe(`of ${inside}`);
  });
});
