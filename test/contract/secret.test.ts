import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { ClientApplication, SecretHash } from '../../src/contract/contract.ts';
import { formatSecretHash, hashSecret, parseSecretHash, verifySecret } from '../../src/contract/secret.ts';

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
    const known = client(hashSecret('right'), hashSecret('other'));
    const timeOf = (subject: ClientApplication | undefined): number => {
      const startedAt = performance.now();
      for (let i = 0; i < 2_000; i++) verifySecret(subject, 'guess'.repeat(200));
      return performance.now() - startedAt;
    };
    const subjects = [known, undefined, client(), client(hashSecret('one'))];
    subjects.forEach(timeOf);
    const best = subjects.map((subject) => Math.min(...Array.from({ length: 15 }, () => timeOf(subject))));
    // A skipped hash would halve the time: the bound is wide enough for a busy machine.
    expect(Math.min(...best) / Math.max(...best)).toBeGreaterThan(0.7);
  });
});
