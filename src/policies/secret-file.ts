import { createPrivateKey, X509Certificate } from 'node:crypto';
import type { FileContent, FileFormat } from '../policy/named-file.ts';

const MAX_SECRET_BYTES = 64 * 1024;
/** A bundle of all public authorities has about 300 kB. */
const MAX_PEM_BYTES = 4 * 1024 * 1024;

function problem(message: string): FileContent<never> {
  return { problems: [{ line: 0, message }] };
}

/** A text, without the line break at its end. */
export const secretFile: FileFormat<string> = {
  name: 'the file of the secret',
  maxBytes: MAX_SECRET_BYTES,
  parse(bytes) {
    const secret = bytes.toString('utf8').replace(/\r?\n$/, '');
    return secret === '' ? problem('is empty') : { content: secret };
  },
};

/** One or several certificates in PEM. */
export const certificateFile: FileFormat<string> = {
  name: 'the file of certificates',
  maxBytes: MAX_PEM_BYTES,
  parse(bytes) {
    const pem = bytes.toString('latin1');
    const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? [];
    if (blocks.length === 0) return problem('has no certificate in PEM: it starts with -----BEGIN CERTIFICATE-----');
    const broken = blocks.findIndex((block) => !isCertificate(block));
    return broken < 0 ? { content: pem } : problem(`certificate ${broken + 1} can't be parsed`);
  },
};

/** A private key in PEM without a passphrase. */
export const privateKeyFile: FileFormat<string> = {
  name: 'the file of the key',
  maxBytes: MAX_SECRET_BYTES,
  parse(bytes) {
    const pem = bytes.toString('latin1');
    try {
      createPrivateKey(pem);
      return { content: pem };
    } catch {
      const isEncrypted = pem.includes('ENCRYPTED');
      return problem(isEncrypted ? 'is encrypted: give it without a passphrase' : 'has no private key in PEM');
    }
  },
};

function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).serialNumber !== '';
  } catch {
    return false;
  }
}
