import { createHash } from 'node:crypto';
import type * as Crypto from 'node:crypto';
import { describe, expect, it, vi } from 'vitest';
import type { ClientApplication, SecretHash } from '../../src/contract/contract.ts';
import { formatSecretHash, hashSecret, parseSecretHash, verifySecret } from '../../src/contract/secret.ts';

const { hashing } = vi.hoisted(() => ({ hashing: vi.fn() }));
vi.mock('node:crypto', async (importOriginal) => {
  const crypto = await importOriginal<typeof Crypto>();
  hashing.mockImplementation(crypto.hash);
  return { ...crypto, hash: hashing };
});

const client = (...secrets: SecretHash[]): ClientApplication => ({ name: 'shop', clientId: 'c1', secrets });

describe('a client secret', () => {
  it('is the SHA-256 of salt and secret, as sha256sum computes it', () => {
    const { salt, sha256 } = formatSecretHash(hashSecret('sëcret', Buffer.from('pepper')));
    expect(salt).toBe('pepper');
    expect(sha256).toBe(createHash('sha256').update('peppersëcret').digest('hex'));
  });

  it('gets another salt each time', () => {
    expect(hashSecret('a').salt).not.toEqual(hashSecret('a').salt);
  });

  it('survives being written to a document and read again', () => {
    const hashed = parseSecretHash(formatSecretHash(hashSecret('s3cret')));
    expect(verifySecret(client(hashed), 's3cret')).toBe(true);
    expect(verifySecret(client(hashed), 's3cret ')).toBe(false);
  });

  it('is verified against both secrets of a rotation', () => {
    const rotating = client(hashSecret('old'), hashSecret('new'));
    expect(['old', 'new', 'other', ''].map((secret) => verifySecret(rotating, secret))).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });

  it('is never right for an unknown client or a client without a secret', () => {
    for (const secret of ['', 'x', '\0'.repeat(64)]) {
      expect(verifySecret(undefined, secret)).toBe(false);
      expect(verifySecret(client(), secret)).toBe(false);
    }
  });

  it('hashes as often for an unknown client as for a known one', () => {
    const subjects = [client(hashSecret('right'), hashSecret('other')), undefined, client(), client(hashSecret('one'))];
    const counts = subjects.map((subject) => {
      hashing.mockClear();
      verifySecret(subject, 'guess');
      return hashing.mock.calls.length;
    });
    expect(counts).toEqual([2, 2, 2, 2]);
  });
});
