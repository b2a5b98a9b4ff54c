import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { realPart } from './parts.ts';
import { startProcess, untilReady } from './process.ts';
import { freePort, scratchFolder } from './scratch.ts';

/** A real Keycloak in development mode, whose realms are in memory. */
export interface RealKeycloak {
  readonly url: string;
  /** Asks its admin API; the path begins below `/admin/realms`. @throws Error where it refuses */
  admin(method: string, path: string, body?: unknown): Promise<unknown>;
  /** A token of a client of a realm, by its own secret (RFC 6749, 4.4). */
  clientToken(realm: string, clientId: string, secret: string): Promise<string>;
  /** What the token endpoint of a realm answers to a form. @throws Error where it gives none */
  tokens(realm: string, form: Readonly<Record<string, string>>): Promise<Readonly<Record<string, string>>>;
  stop(): Promise<void>;
}

/** @throws PartMissing */
export async function startKeycloak(): Promise<RealKeycloak> {
  const installed = dirname(dirname(await realPart('keycloak')));
  // It builds into its own folder at each start: two of them would be in each other's way.
  const home = join(scratchFolder('keycloak'), 'home');
  await cp(installed, home, { recursive: true });
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const credentials = { KC_BOOTSTRAP_ADMIN_USERNAME: 'admin', KC_BOOTSTRAP_ADMIN_PASSWORD: 'for tests alone' };
  const args = ['start-dev', '--http-host=127.0.0.1', `--http-port=${port}`, '--db=dev-mem', '--cache=local'];
  const keycloak = await startProcess(join(home, 'bin/kc.sh'), args, {
    env: { ...process.env, ...credentials, JAVA_OPTS_APPEND: '-Xmx512m', JAVA_HOME: leashedJava() },
  });
  await untilReady('keycloak', keycloak, async () => (await fetch(`${url}/realms/master`)).ok, 240_000, 250);
  const tokens: RealKeycloak['tokens'] = async (realm, form) => {
    const body = new URLSearchParams(form);
    const response = await fetch(`${url}/realms/${realm}/protocol/openid-connect/token`, { method: 'POST', body });
    if (!response.ok) throw new Error(`no token: ${response.status} ${await response.text()}`);
    return (await response.json()) as Record<string, string>;
  };
  const tokenOf = async (realm: string, form: Record<string, string>): Promise<string> =>
    (await tokens(realm, form))['access_token'] ?? '';
  return {
    url,
    async admin(method, path, body) {
      const bearer = await tokenOf('master', {
        grant_type: 'password',
        client_id: 'admin-cli',
        username: credentials.KC_BOOTSTRAP_ADMIN_USERNAME,
        password: credentials.KC_BOOTSTRAP_ADMIN_PASSWORD,
      });
      const response = await fetch(`${url}/admin/realms${path}`, {
        method,
        headers: { authorization: `Bearer ${bearer}`, 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const text = await response.text();
      if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
      return text === '' ? undefined : JSON.parse(text);
    },
    tokens,
    clientToken: (realm, clientId, secret) =>
      tokenOf(realm, { grant_type: 'client_credentials', client_id: clientId, client_secret: secret }),
    stop: () => keycloak.stop(20_000),
  };
}

/** Its script starts Java as a child, which would outlive a script that is killed. */
function leashedJava(): string {
  const home = scratchFolder('java');
  mkdirSync(join(home, 'bin'));
  const java = join(home, 'bin/java');
  writeFileSync(java, '#!/bin/sh\nexec setpriv --pdeathsig KILL -- java "$@"\n');
  chmodSync(java, 0o755);
  return home;
}
