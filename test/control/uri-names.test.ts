import { X509Certificate } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { uriNamesOf } from '../../src/listen/uri-names.ts';
import { partOrSkip } from '../real/parts.ts';
import { openWorkloadAuthority } from '../real/workload-certificates.ts';

const openssl = await partOrSkip('openssl');

describe.skipIf(openssl === undefined)('the URIs that a certificate names', () => {
  test('are those of its subject alternative names, and nothing that looks like them', async () => {
    const authority = await openWorkloadAuthority();
    const urisOf = (names: string) => uriNamesOf(new X509Certificate(authority.certify(names).cert).raw);
    const web = 'spiffe://cluster.local/ns/shop/sa/web';
    expect(urisOf(`URI:${web}`)).toEqual([web]);
    expect(urisOf(`critical,URI:${web}`)).toEqual([web]);
    expect(urisOf(`DNS:a.example.com,URI:${web},email:a@example.com,URI:https://b`)).toEqual([web, 'https://b']);
    expect(urisOf(`DNS:a.example.com`)).toEqual([]);
    // What a reader of text would take for another name.
    for (const kind of ['DNS', 'email']) {
      const { cert } = authority.certify(`${kind}:x, URI:${web}`, { isOneName: true });
      expect(new X509Certificate(cert).subjectAltName).toContain(`URI:${web}`);
      expect(uriNamesOf(new X509Certificate(cert).raw)).toEqual([]);
    }
  });

  test('are not looked for in what is no certificate', () => {
    for (const bytes of ['', '30', '3003', '308000', '3085010101010100', '30020201', '300202010030'])
      expect(() => uriNamesOf(Buffer.from(bytes, 'hex'))).toThrow(TypeError);
  });
});
