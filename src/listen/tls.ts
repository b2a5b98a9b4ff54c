import { X509Certificate, createPrivateKey } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import type { SecureContextOptions } from 'node:tls';
import { FileFault, UserError } from '../errors.ts';
import { systemFiles } from '../file-access.ts';
import type { FileAccess } from '../file-access.ts';

/** PEM, as read from files; a change replaces them for new connections. */
export interface TlsMaterial {
  readonly certificate: Buffer;
  readonly key: Buffer;
  /** Set: clients must present a certificate that one of these authorities signed. */
  readonly clientAuthorities: Buffer | undefined;
}

/** Where the PEM files are. */
export interface TlsFiles {
  /** The server's certificate, then its intermediates. */
  readonly certificate: string;
  readonly key: string;
  /** Set: clients must present a certificate that one of these authorities signed. */
  readonly clientAuthorities: string | undefined;
}

/** Material that a TLS listener can be started with. */
export interface LoadedTls {
  readonly material: TlsMaterial;
  /** When the server's certificate ends, in milliseconds since the Unix epoch. */
  readonly notAfter: number;
}

/**
 * What a listener makes its secure context of: TLS 1.2 and 1.3 with the suites that RFC 9113, 9.2.2
 * allows for HTTP/2.
 */
export function secureContextOptions(tls: TlsMaterial): SecureContextOptions {
  return {
    cert: tls.certificate,
    key: tls.key,
    ...(tls.clientAuthorities === undefined ? {} : { ca: tls.clientAuthorities }),
    minVersion: 'TLSv1.2',
    ciphers: [
      'TLS_AES_128_GCM_SHA256',
      'TLS_AES_256_GCM_SHA384',
      'TLS_CHACHA20_POLY1305_SHA256',
      'ECDHE-ECDSA-AES128-GCM-SHA256',
      'ECDHE-RSA-AES128-GCM-SHA256',
      'ECDHE-ECDSA-AES256-GCM-SHA384',
      'ECDHE-RSA-AES256-GCM-SHA384',
      'ECDHE-ECDSA-CHACHA20-POLY1305',
      'ECDHE-RSA-CHACHA20-POLY1305',
    ].join(':'),
  };
}

/**
 * Reads the files and checks all that can be checked before a client connects: that they parse,
 * that the key fits the certificate, and that the certificate has not ended.
 * @param now milliseconds since the Unix epoch
 * @throws UserError (rejects with it) naming the file and the remedy; never with a part of the key
 */
export async function loadTls(files: TlsFiles, now: number, access: FileAccess = systemFiles): Promise<LoadedTls> {
  // One after the other: a mount that hangs holds one thread.
  const certificate = await read(access, files.certificate, 'certificate');
  const key = await read(access, files.key, 'key');
  const clientAuthorities =
    files.clientAuthorities === undefined
      ? undefined
      : await read(access, files.clientAuthorities, 'client authorities');
  const leaf = certificates(certificate, files.certificate)[0]!;
  if (!leaf.checkPrivateKey(privateKey(key, files.key))) {
    throw new UserError(`${files.key}: the key does not fit the certificate in ${files.certificate}; write both anew`);
  }
  const notAfter = leaf.validToDate.getTime();
  if (notAfter <= now) {
    throw new UserError(`${files.certificate}: the certificate ended on ${leaf.validToDate.toISOString()}; renew it`);
  }
  if (files.clientAuthorities !== undefined) certificates(clientAuthorities!, files.clientAuthorities);
  const material = { certificate, key, clientAuthorities };
  try {
    // Loaded where TLS is served alone: 4 MB.
    process.getBuiltinModule('node:tls').createSecureContext(secureContextOptions(material));
  } catch (error) {
    throw new UserError(`${files.certificate}: TLS can't be served with it: ${(error as Error).message}`);
  }
  return { material, notAfter };
}

/** Bundles of all public authorities have some 300 kB. */
const MAX_PEM_BYTES = 4 * 1024 * 1024;

async function read(access: FileAccess, file: string, what: string): Promise<Buffer> {
  try {
    return await access.read(file, MAX_PEM_BYTES);
  } catch (error) {
    if (error instanceof FileFault) throw new UserError(`${file}: the TLS ${what}: ${error.message}`);
    throw new UserError(`${file}: the TLS ${what} can't be read (${(error as NodeJS.ErrnoException).code})`);
  }
}

/** At least one. */
function certificates(pem: Buffer, file: string): X509Certificate[] {
  const blocks = pem.toString('latin1').match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? [];
  if (blocks.length === 0) {
    throw new UserError(`${file}: no certificate in PEM found; it starts with -----BEGIN CERTIFICATE-----`);
  }
  return blocks.map((block, index) => {
    try {
      return new X509Certificate(block);
    } catch {
      throw new UserError(`${file}: certificate ${index + 1} can't be parsed`);
    }
  });
}

function privateKey(pem: Buffer, file: string): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch {
    const encrypted = pem.includes('ENCRYPTED');
    throw new UserError(
      `${file}: ${encrypted ? 'the private key is encrypted; give it without a passphrase' : 'no private key in PEM found'}`,
    );
  }
}
