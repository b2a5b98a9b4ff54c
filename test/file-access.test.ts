import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { lookup } from 'node:dns/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { FileAccess, isPassing, readFileNow, systemFiles } from '../src/file-access.ts';
import { mountHung, releaseAfterEach } from './real/hung-mount.ts';
import { scratchFolder } from './real/scratch.ts';

releaseAfterEach();
const folder = scratchFolder('files');

describe('a file', () => {
  test.each([0, 1, 5000, 1024 * 1024, 3_000_001])('of %i bytes is read as it is', async (bytes) => {
    const file = join(folder, `of-${bytes}`);
    const content = Buffer.alloc(bytes, 'abc');
    writeFileSync(file, content);
    expect((await systemFiles.read(file, 5_000_000)).equals(content)).toBe(true);
  });

  test('of the kernel, whose size is told as 0, is read to its end', async () => {
    expect((await systemFiles.read('/proc/version', 5000)).toString()).toBe(readFileSync('/proc/version', 'utf8'));
    await expect(systemFiles.read('/proc/version', 10)).rejects.toMatchObject({ code: 'EFBIG' });
  });

  test('that is larger than it may be is not read', async () => {
    const huge = join(folder, 'huge');
    writeFileSync(huge, '');
    truncateSync(huge, 3 * 1024 ** 3);
    await expect(systemFiles.read(huge, 1000)).rejects.toThrow('has more than 1000 bytes');
  });

  test('that is none is not waited for: a pipe, a device, a folder, a link to the messages of the kernel', async () => {
    const pipe = join(folder, 'pipe');
    execFileSync('mkfifo', [pipe]);
    await expect(systemFiles.read(pipe, 1000)).rejects.toThrow('is neither a file nor a directory');
    await expect(systemFiles.read('/dev/zero', 1000)).rejects.toThrow('is neither a file nor a directory');
    await expect(systemFiles.read(folder, 1000)).rejects.toThrow('is a directory, not a file');
    const kernel = join(folder, 'kernel');
    symlinkSync('/proc/kmsg', kernel);
    const failure: unknown = await systemFiles.read(kernel, 1_000_000).catch((error: unknown) => error);
    expect(['EAGAIN', 'EPERM', 'EACCES']).toContain((failure as NodeJS.ErrnoException).code);
    expect(isPassing(failure)).toBe(false);
  });

  test('is told to be none at once to who can not wait, too', () => {
    const pipe = join(folder, 'pipe-now');
    execFileSync('mkfifo', [pipe]);
    expect(() => readFileNow(pipe, 1000)).toThrow('is neither a file nor a directory');
    const file = join(folder, 'now');
    writeFileSync(file, 'content');
    expect(readFileNow(file, 1000).toString()).toBe('content');
    expect(() => readFileNow(file, 3)).toThrow('has more than 3 bytes');
  });

  test('that many read at once is read once', async () => {
    const file = join(folder, 'shared');
    writeFileSync(file, 'x');
    const [first, ...others] = await Promise.all(Array.from({ length: 50 }, () => systemFiles.read(file, 10)));
    expect(others.every((other) => other === first)).toBe(true);
  });
});

describe.skipIf(mountHung === undefined)('a mount that does not answer', () => {
  const hungFolder = (name: string) => {
    const path = join(folder, name);
    mkdirSync(path);
    writeFileSync(join(path, 'file'), 'below');
    return path;
  };

  test('is given up in time, not asked again meanwhile, and read again when it is back', async () => {
    const files = new FileAccess(100);
    const path = hungFolder('one');
    const hung = mountHung?.(path);
    const failure: unknown = await files.read(join(path, 'file'), 10).catch((error: unknown) => error);
    expect(failure).toMatchObject({
      code: 'ETIMEDOUT',
      message: expect.stringContaining('does not answer within 0.1 s'),
    });
    expect(isPassing(failure)).toBe(true);
    expect(files.running).toBe(1);
    await expect(files.read(join(path, 'file'), 10)).rejects.toMatchObject({ code: 'ETIMEDOUT' });
    expect(files.running).toBe(1);
    hung?.release();
    await expect.poll(() => files.running).toBe(0);
    expect((await files.read(join(path, 'file'), 10)).toString()).toBe('below');
  });

  test('leaves threads to others, whatever is asked of it', async () => {
    const files = new FileAccess(200);
    const path = hungFolder('two');
    const beside = join(folder, 'beside');
    writeFileSync(beside, 'beside');
    mountHung?.(path);
    const asked = Array.from({ length: 20 }, (_, index) => files.stat(join(path, `${index}`)));
    const ended = await Promise.allSettled(asked);
    expect(ended.map(({ status }) => status)).toEqual(asked.map(() => 'rejected'));
    expect(files.running).toBe(2);
    await expect(files.read(beside, 10)).rejects.toThrow(`does not answer for others, such as ${path}/0`);
    // Names and hashes take the threads that are left.
    expect(await lookup('localhost')).toHaveProperty('address');
  });
});
