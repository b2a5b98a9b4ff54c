import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { generateTargets } from '../../src/cli/generate-targets.ts';
import { flagName } from '../../src/flags.ts';
import { scratchFolder } from '../real/scratch.ts';
import { runMain } from './run-main.ts';

const ca = join(scratchFolder('ca'), 'ca.pem');
writeFileSync(ca, '-----BEGIN CERTIFICATE-----\nMA==\n-----END CERTIFICATE-----\n');

/** A command line of each target; of a flag another one, where it needs or excludes others. */
const lines: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  envoyfilter: {
    '': [],
    target: ['--placement', 'gateway'],
    routesOnly: ['--api', 'orders'],
    tlsName: ['--tls-ca', ca],
    envoyCert: ['--tls-ca', ca, '--envoy-key', '/a.key'],
    envoyKey: ['--tls-ca', ca, '--envoy-cert', '/a.pem'],
  },
  'extension-provider': {
    '': [],
    logProvider: ['--access-log'],
    placement: ['--access-log', '--selector', 'app=orders'],
  },
  'mesh-config': { '': [] },
  'injection-template': { '': ['--ostiary', 'unix:/run/ostiary/ostiary.sock'] },
  'security-policy': { '': ['--target', 'Gateway/eg'] },
  bootstrap: {
    '': [],
    tlsName: ['--tls-ca', ca],
    envoyCert: ['--tls-ca', ca, '--envoy-key', '/a.key'],
    envoyKey: ['--tls-ca', ca, '--envoy-cert', '/a.pem'],
  },
  flex: { '': ['--target', 'ApiInstance/orders'] },
};

const values: Readonly<Record<string, string>> = {
  name: 'other',
  namespace: 'other',
  ostiary: 'other.elsewhere:9999',
  timeout: '1s',
  placement: 'gateway',
  selector: 'app=other',
  target: 'Gateway/other',
  api: 'other',
  routeApi: '8080=other',
  openTcpPort: '5432',
  provider: 'other',
  logProvider: 'other',
  tlsCa: ca,
  tlsName: 'other.example.com',
  envoyCert: '/b.pem',
  envoyKey: '/b.key',
  meshIdentity: 'spiffe://cluster.local/ns/other/sa/other',
  image: 'other:1',
  policies: 'other',
  redis: 'redis://other',
  redisSecret: 'other/url',
  secretEnv: 'OTHER=other/key',
  secretFiles: 'other',
  env: 'OTHER=x',
  extraArg: '--log-level=debug',
  listenPort: '9999',
  requestBody: '65536',
  upstream: 'other:1',
};

const cases = [...generateTargets].flatMap(([target, { flags }]) => flags.map((flag) => [target, flag] as const));

test.each(cases)('generate %s: --%s changes what is printed', async (target, flag) => {
  const base = lines[target]?.[flag] ?? lines[target]?.[''] ?? [];
  const isTarget = flag === 'target' || flag === 'ostiary';
  const without = isTarget && base.includes(`--${flag}`) ? [] : base;
  const changed = target === 'flex' && flag === 'target' ? 'ApiInstance/other' : (values[flag] ?? '');
  const value = target === 'injection-template' && flag === 'ostiary' ? 'unix:/run/other.sock' : changed;
  const given = flag in values ? [`--${flagName(flag)}=${value}`] : [`--${flagName(flag)}`];
  const [plain, other] = [
    await runMain(['generate', target, ...base]),
    await runMain(['generate', target, ...without, ...given]),
  ];
  expect(other.stderr).toBe('');
  expect(other.stdout).not.toBe(plain.stdout);
});
