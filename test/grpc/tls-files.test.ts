import { copyFileSync, mkdirSync, mkdtempSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { watchTls } from '../../src/listen/tls-watch.ts';
import { loadTls } from '../../src/listen/tls.ts';
import type { LoadedTls, TlsFiles } from '../../src/listen/tls.ts';
import { contents, createAuthority } from './certificates.ts';

const authority = createAuthority();
const first = authority.issue('first');
const second = authority.issue('second');
const empty = join(authority.folder, 'empty');
writeFileSync(empty, '');
const files = (certificate: string, key: string, clientAuthorities?: string): TlsFiles => ({
  certificate,
  key,
  clientAuthorities,
});

describe('the TLS files', () => {
  it('are read where they fit, with the end of the certificate', async () => {
    const { material, notAfter } = await loadTls(
      files(first.certificate, first.key, authority.certificate),
      Date.now(),
    );
    expect(material.certificate).toEqual(contents(first.certificate));
    expect(notAfter - Date.now()).toBeGreaterThan(86_400_000);
    expect(notAfter - Date.now()).toBeLessThanOrEqual(2 * 86_400_000);
  });

  it.each([
    [
      'the certificate is missing',
      files('/no/such.crt', first.key),
      "/no/such.crt: the TLS certificate can't be read (ENOENT)",
    ],
    ['the certificate is not PEM', files(empty, first.key), `${empty}: no certificate in PEM found`],
    ['the key is missing', files(first.certificate, '/no/such.key'), "/no/such.key: the TLS key can't be read"],
    ['the key is not PEM', files(first.certificate, empty), `${empty}: no private key in PEM found`],
    ['the key is of another certificate', files(first.certificate, second.key), 'the key does not fit the certificate'],
    ['the authorities are empty', files(first.certificate, first.key, empty), `${empty}: no certificate in PEM found`],
  ])('are refused where %s', async (_what, wrong, message) => {
    await expect(loadTls(wrong, Date.now())).rejects.toThrow(message);
  });

  it('are refused where the certificate has ended', async () => {
    const inThreeDays = Date.now() + 3 * 86_400_000;
    await expect(loadTls(files(first.certificate, first.key), inThreeDays)).rejects.toThrow('the certificate ended on');
  });
});

describe('the watch on the TLS files', () => {
  const watches: { close(): void }[] = [];
  afterEach(() => {
    for (const watch of watches.splice(0)) watch.close();
  });

  async function watched(target: TlsFiles, pollMs = 60_000) {
    const changes: LoadedTls[] = [];
    const faults: string[] = [];
    const loaded = await loadTls(target, Date.now());
    watches.push(
      watchTls({
        files: target,
        loaded,
        now: Date.now,
        onChange: (next) => changes.push(next),
        onFault: (message) => faults.push(message),
        settleMs: 20,
        pollMs,
      }),
    );
    return { changes, faults };
  }
  const folderWith = (pair: { certificate: string; key: string }) => {
    const folder = mkdtempSync(join(tmpdir(), 'ostiary-watch-'));
    const put = (next: { certificate: string; key: string }): void => {
      copyFileSync(next.certificate, join(folder, 'tls.crt'));
      copyFileSync(next.key, join(folder, 'tls.key'));
    };
    put(pair);
    return { folder, put, files: files(join(folder, 'tls.crt'), join(folder, 'tls.key')) };
  };

  it('hands on a renewed pair', async () => {
    const folder = folderWith(first);
    const { changes } = await watched(folder.files);
    folder.put(second);
    await vi.waitFor(() => expect(changes.at(-1)?.material.certificate).toEqual(contents(second.certificate)), 5000);
  });

  it('follows the swap of a Kubernetes Secret', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'ostiary-secret-'));
    const version = (name: string, pair: { certificate: string; key: string }): void => {
      mkdirSync(join(folder, name));
      copyFileSync(pair.certificate, join(folder, name, 'tls.crt'));
      copyFileSync(pair.key, join(folder, name, 'tls.key'));
      symlinkSync(name, join(folder, '..data_tmp'));
      renameSync(join(folder, '..data_tmp'), join(folder, '..data'));
    };
    version('..1', first);
    for (const name of ['tls.crt', 'tls.key']) symlinkSync(join('..data', name), join(folder, name));
    const { changes, faults } = await watched(files(join(folder, 'tls.crt'), join(folder, 'tls.key')));
    version('..2', second);
    await vi.waitFor(() => expect(changes).toHaveLength(1), 5000);
    expect(changes[0]!.material.key).toEqual(contents(second.key));
    expect(faults).toEqual([]);
  });

  it('reports a pair that does not fit once, keeps the old one, and takes the next good one', async () => {
    const folder = folderWith(first);
    const { changes, faults } = await watched(folder.files, 30);
    copyFileSync(second.key, folder.files.key);
    await vi.waitFor(() => expect(faults).toHaveLength(1), 5000);
    expect(faults[0]).toContain('the key does not fit');
    expect(faults[0]).not.toContain('PRIVATE');
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect([changes, faults.length]).toEqual([[], 1]);
    folder.put(second);
    await vi.waitFor(() => expect(changes).toHaveLength(1), 5000);
  });

  it('says nothing of a file that was written anew with the same content', async () => {
    const folder = folderWith(first);
    const { changes, faults } = await watched(folder.files);
    folder.put(first);
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect([changes, faults]).toEqual([[], []]);
  });
});
