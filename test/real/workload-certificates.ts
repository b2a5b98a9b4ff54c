import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { realPart } from './parts.ts';
import { scratchFolder } from './scratch.ts';

export interface WorkloadCertificate {
  readonly cert: string;
  readonly key: string;
  readonly certFile: string;
  readonly keyFile: string;
}

/** What no workload's certificate should be. */
export interface OddCertificate {
  readonly isAuthority?: boolean;
  readonly hasEnded?: boolean;
  /** The text after the first colon is one name, whatever is in it. */
  readonly isOneName?: boolean;
}

export interface WorkloadAuthority {
  readonly caFile: string;
  /** A certificate whose only name is this, such as `URI:spiffe://cluster.local/ns/shop/sa/web`. */
  certify(subjectAltName: string, odd?: OddCertificate): WorkloadCertificate;
}

const KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];

/** A mesh's authority: it names workloads, as SPIFFE has it. */
export async function openWorkloadAuthority(): Promise<WorkloadAuthority> {
  const folder = scratchFolder('workloads');
  const openssl = await realPart('openssl');
  const run = (...args: string[]): void => void execFileSync(openssl, args, { cwd: folder, stdio: 'pipe' });
  run('req', '-x509', ...KEY, '-days', '2', '-keyout', 'ca.key', '-out', 'ca.crt', '-subj', '/CN=mesh authority');
  let made = 0;
  return {
    caFile: join(folder, 'ca.crt'),
    certify(subjectAltName, { isAuthority = false, hasEnded = false, isOneName = false } = {}) {
      made += 1;
      const at = subjectAltName.indexOf(':');
      const one = `${subjectAltName.slice(0, at)}.1 = ${subjectAltName.slice(at + 1)}`;
      const extensions = [
        `subjectAltName = ${isOneName ? '@one' : subjectAltName}`,
        `basicConstraints = critical,CA:${isAuthority ? 'TRUE' : 'FALSE'}`,
      ];
      const sections = ['[req]', 'distinguished_name = dn', 'req_extensions = ext', '[dn]', '[ext]', ...extensions];
      writeFileSync(join(folder, 'req.cnf'), [...sections, '[one]', ...(isOneName ? [one] : []), ''].join('\n'));
      const request = ['-config', 'req.cnf', ...KEY, '-keyout', `${made}.key`, '-subj', `/CN=workload ${made}`];
      run('req', ...request, '-out', `${made}.csr`);
      const signed = ['-CA', 'ca.crt', '-CAkey', 'ca.key', '-copy_extensions', 'copy', '-days', hasEnded ? '-1' : '2'];
      run('x509', '-req', '-in', `${made}.csr`, ...signed, '-out', `${made}.crt`);
      const [certFile, keyFile] = [join(folder, `${made}.crt`), join(folder, `${made}.key`)];
      return { certFile, keyFile, cert: readFileSync(certFile, 'utf8'), key: readFileSync(keyFile, 'utf8') };
    },
  };
}
