import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { realPart } from './parts.ts';
import { scratchFolder } from './scratch.ts';

export interface Certificates {
  /** The path of `ca.crt`, `server.crt`, `server.key`, `client.crt` or `client.key`. */
  file(name: string): string;
  text(name: string): string;
}

/** A new authority with a certificate for a server named `redis.test`, or otherwise, and one for a client. */
export async function makeCertificates(names = 'DNS:redis.test'): Promise<Certificates> {
  const folder = scratchFolder('tls');
  const openssl = await realPart('openssl');
  const file = (name: string): string => join(folder, name);
  const run = (...args: string[]): void => void execFileSync(openssl, args, { cwd: folder, stdio: 'pipe' });
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'];
  run('req', '-x509', ...key, '-keyout', 'ca.key', '-out', 'ca.crt', '-subj', '/CN=test authority');
  for (const name of ['server', 'client']) {
    const subject = ['-subj', `/CN=${name}`, '-addext', `subjectAltName=${names}`];
    const files = ['-keyout', `${name}.key`, '-out', `${name}.crt`];
    run('req', '-x509', '-CA', 'ca.crt', '-CAkey', 'ca.key', ...key, ...files, ...subject);
  }
  return { file, text: (name) => readFileSync(file(name), 'utf8') };
}
