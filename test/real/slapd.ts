import { execFile } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { realPart } from './parts.ts';
import { startProcess, untilReady } from './process.ts';
import type { RealProcess } from './process.ts';
import { freePort, scratchFolder } from './scratch.ts';
import { openWorkloadAuthority } from './workload-certificates.ts';
import type { WorkloadCertificate } from './workload-certificates.ts';

const run = promisify(execFile);

/** The service's account, which may search. */
export const SERVICE = { dn: 'cn=service,dc=example,dc=com', password: 'service-password' };

/** A directory of `dc=example,dc=com`, on loopback. */
export interface RealSlapd {
  readonly port: number;
  readonly tlsPort: number;
  /** Of the authority that its certificate for `localhost` and 127.0.0.1 comes from. */
  readonly caFile: string;
  /** What it has logged of binds and searches. */
  log(): string;
  /** Ends it at once, as a crash does. */
  kill(): Promise<void>;
  /** Starts it again, on the same ports and with the same entries. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * @param ldif entries below `dc=example,dc=com`, which has the service's account already
 * @throws PartMissing
 */
export async function startSlapd(ldif: string): Promise<RealSlapd> {
  const program = await realPart('slapd');
  const folder = scratchFolder('slapd');
  const authority = await openWorkloadAuthority();
  const certificate = authority.certify('DNS:localhost,IP:127.0.0.1');
  const config = join(folder, 'slapd.conf');
  mkdirSync(join(folder, 'data'));
  writeFileSync(config, configuration(folder, certificate));
  writeFileSync(join(folder, 'entries.ldif'), `${BASE}\n${ldif}`);
  await run(join(dirname(program), 'slapadd'), ['-f', config, '-l', join(folder, 'entries.ldif')]);
  const [port, tlsPort] = [await freePort(), await freePort()];
  // "stats": connections, binds and searches.
  const args = ['-f', config, '-h', `ldap://127.0.0.1:${port} ldaps://127.0.0.1:${tlsPort}`, '-d', 'stats'];
  let slapd: RealProcess;
  let before = '';
  const start = async (): Promise<void> => {
    slapd = await startProcess(program, args);
    await untilReady('slapd', slapd, () => answers(port));
  };
  await start();
  return {
    port,
    tlsPort,
    caFile: authority.caFile,
    log: () => before + slapd.output(),
    async kill() {
      await slapd.kill();
      before += slapd.output();
    },
    restart: start,
    stop: () => slapd.stop(),
  };
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

const BASE = `
dn: dc=example,dc=com
objectClass: dcObject
objectClass: organization
dc: example
o: Example

dn: ${SERVICE.dn}
objectClass: applicationProcess
objectClass: simpleSecurityObject
cn: service
userPassword: ${SERVICE.password}
`;

/** A bind with a name and no password succeeds here, as it does in many a directory. */
function configuration(folder: string, { certFile, keyFile }: WorkloadCertificate): string {
  return `
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
moduleload memberof
allow bind_anon_cred
pidfile ${folder}/slapd.pid
TLSCertificateFile ${certFile}
TLSCertificateKeyFile ${keyFile}
TLSVerifyClient never
database mdb
suffix dc=example,dc=com
directory ${folder}/data
maxsize 16777216
overlay memberof
access to attrs=userPassword by anonymous auth by * none
access to * by dn.exact="${SERVICE.dn}" read by * none
`;
}
