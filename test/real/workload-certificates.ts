import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { realPart } from './parts.ts';
import { scratchFolder } from './scratch.ts';

export interface WorkloadCertificate {
  readonly cert: string;
  readonly key: string;
  readonly certFile: string;
  readonly keyFile: string;
}

export interface WorkloadAuthority {
  readonly caFile: string;
  /** A certificate whose only name is this, such as `URI:spiffe://cluster.local/ns/shop/sa/web`. */
  certify(subjectAltName: string): WorkloadCertificate;
}

/** A mesh's authority: it names workloads, as SPIFFE has it. */
export async function openWorkloadAuthority(): Promise<WorkloadAuthority> {
  const folder = scratchFolder('workloads');
  const openssl = await realPart('openssl');
  const run = (...args: string[]): void => void execFileSync(openssl, args, { cwd: folder, stdio: 'pipe' });
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'];
  run('req', '-x509', ...key, '-keyout', 'ca.key', '-out', 'ca.crt', '-subj', '/CN=mesh authority');
  let made = 0;
  return {
    caFile: join(folder, 'ca.crt'),
    certify(subjectAltName) {
      made += 1;
      const files = ['-keyout', `${made}.key`, '-out', `${made}.crt`];
      const names = ['-subj', `/CN=workload ${made}`, '-addext', `subjectAltName=${subjectAltName}`];
      run('req', '-x509', '-CA', 'ca.crt', '-CAkey', 'ca.key', ...key, ...files, ...names);
      const [certFile, keyFile] = [join(folder, `${made}.crt`), join(folder, `${made}.key`)];
      return { certFile, keyFile, cert: readFileSync(certFile, 'utf8'), key: readFileSync(keyFile, 'utf8') };
    },
  };
}
