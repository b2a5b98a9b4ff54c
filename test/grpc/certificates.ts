import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A CA of this test run and what it signed. Made by openssl, since node:crypto signs no certificates. */
export interface TestAuthority {
  readonly folder: string;
  /** The authority's own certificate. */
  readonly certificate: string;
  /** Writes `NAME.crt` and `NAME.key` and says where. */
  issue(name: string, options?: { readonly days?: number }): { readonly certificate: string; readonly key: string };
}

export function createAuthority(name = 'ca'): TestAuthority {
  const folder = mkdtempSync(join(tmpdir(), 'ostiary-tls-'));
  const at = (file: string): string => join(folder, file);
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  openssl(
    'req',
    '-x509',
    ...newKey,
    '-keyout',
    at('ca.key'),
    '-out',
    at('ca.crt'),
    '-days',
    '2',
    '-subj',
    `/CN=${name}`,
  );
  return {
    folder,
    certificate: at('ca.crt'),
    issue(subject, { days = 2 } = {}) {
      const [certificate, key] = [at(`${subject}.crt`), at(`${subject}.key`)];
      writeFileSync(at('extensions'), 'subjectAltName=DNS:localhost,IP:127.0.0.1\n');
      openssl('req', ...newKey, '-keyout', key, '-out', at('request'), '-subj', `/CN=${subject}`);
      const signing = ['-CA', at('ca.crt'), '-CAkey', at('ca.key'), '-CAcreateserial', '-days', `${days}`];
      openssl('x509', '-req', '-in', at('request'), ...signing, '-out', certificate, '-extfile', at('extensions'));
      return { certificate, key };
    },
  };
}

export const contents = (path: string): Buffer => readFileSync(path);

function openssl(...args: string[]): void {
  try {
    execFileSync('openssl', args, { stdio: 'pipe' });
  } catch (error) {
    const { code, stderr } = error as NodeJS.ErrnoException & { stderr?: Buffer };
    throw new Error(code === 'ENOENT' ? 'the TLS tests need openssl on the PATH' : `openssl: ${String(stderr)}`, {
      cause: error,
    });
  }
}
