import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bootstrap } from '../../src/generate/bootstrap.ts';
import { runMain } from '../cli/run-main.ts';
import { startEnvoy } from '../real/envoy.ts';
import type { RealEnvoy } from '../real/envoy.ts';
import { startOstiary } from '../real/ostiary.ts';
import type { RealOstiary } from '../real/ostiary.ts';
import { partOrSkip } from '../real/parts.ts';
import { freePort, scratchFolder } from '../real/scratch.ts';
import { api, documentsFolder } from './documents.ts';

const envoyPart = await partOrSkip('envoy');

/** An API that refuses by itself whoever has no credentials, as many do. */
async function startRefusingUpstream(): Promise<Server> {
  const server = createServer((request, response) => {
    response.statusCode = request.url?.startsWith('/orders') === true ? 401 : 200;
    response.end('from the upstream');
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return server;
}

interface Manager {
  http_filters: { typed_config: { failure_mode_allow?: boolean } }[];
  route_config: { virtual_hosts: { routes: object[] }[] };
}

interface Bootstrap {
  static_resources: { listeners: { name: string; filter_chains: { filters: { typed_config: Manager }[] }[] }[] };
}

/** One Envoy, with a listener for each way to be wrong. */
function envoyOf(ostiaryPort: number, upstreamPort: number): object {
  const listener = (name: string) => {
    return { name, host: '127.0.0.1', port: 0, rawHeaders: false, normalizePath: true, api: undefined };
  };
  const config = bootstrap({
    ostiary: { kind: 'tcp', host: '127.0.0.1', port: ostiaryPort },
    timeoutMs: 2000,
    listeners: ['enforced', 'unfiltered', 'disabled', 'open'].map(listener),
    upstream: { host: '127.0.0.1', port: upstreamPort },
  }) as Bootstrap;
  const managers = new Map(
    config.static_resources.listeners.flatMap(({ name, filter_chains: [chain] }) => {
      const manager = chain?.filters[0]?.typed_config;
      return manager === undefined ? [] : [[name, manager] as const];
    }),
  );
  managers.get('unfiltered')?.http_filters.shift();
  const [filter] = managers.get('open')?.http_filters ?? [];
  if (filter !== undefined) filter.typed_config.failure_mode_allow = true;
  for (const route of managers.get('disabled')?.route_config.virtual_hosts[0]?.routes ?? []) {
    const disabled = {
      '@type': 'type.googleapis.com/envoy.extensions.filters.http.ext_authz.v3.ExtAuthzPerRoute',
      disabled: true,
    };
    Object.assign(route, { typed_per_filter_config: { 'envoy.filters.http.ext_authz': disabled } });
  }
  return config;
}

/** What a probe says of each way to be wrong. @param args of the service */
export function describeProbes(args: readonly string[]): void {
  describe.skipIf(envoyPart === undefined)('a probe through a real Envoy', () => {
    let ostiary: RealOstiary;
    let envoy: RealEnvoy;
    let upstream: Server;
    const tokenFile = join(scratchFolder('token'), 'token');
    beforeAll(async () => {
      writeFileSync(tokenFile, 'a-token-of-an-operator\n');
      upstream = await startRefusingUpstream();
      const port = await freePort();
      const policies = documentsFolder([
        api('orders', { policies: [{ policyRef: { name: 'client-id-enforcement' } }] }),
        api('open'),
      ]);
      const token = ['--api-token-file', tokenFile];
      ostiary = await startOstiary({ policies, listen: `127.0.0.1:${port}`, args: [...token, ...args] });
      envoy = await startEnvoy(envoyOf(port, (upstream.address() as AddressInfo).port));
    });
    afterAll(async () => {
      await Promise.all([envoy?.stop(), ostiary?.stop()]);
      upstream?.close();
    });

    const urlOf = (listener: string, path = '/orders/1') => `http://127.0.0.1:${envoy.port(listener)}${path}`;
    const probe = (url: string, file = tokenFile) =>
      runMain(['doctor', 'probe', '--url', url, '--sidecar', ostiary.apiUrl, '--api-token-file', file, '-o', 'json']);
    const expectRed = async (url: string, message: string): Promise<void> => {
      const { code, stdout } = await probe(url);
      const { findings, confirmed } = JSON.parse(stdout) as {
        findings: { code: string; message: string }[];
        confirmed: string[];
      };
      expect([code, confirmed]).toEqual([1, []]);
      expect(findings).toEqual([expect.objectContaining({ code: 'OST706', object: url, severity: 'error' })]);
      expect(findings[0]?.message).toContain(message);
    };

    test('is green where ostiary has refused it, and tells by which Envoy it was asked', async () => {
      // Connections go to several workers.
      for (const _ of [1, 2, 3]) {
        const { code, stdout } = await probe(urlOf('enforced'));
        const { findings, confirmed } = JSON.parse(stdout) as { findings: unknown[]; confirmed: string[] };
        expect([code, findings]).toEqual([0, []]);
        expect(confirmed[0]).toContain(`refused with 401 by the ostiary at ${ostiary.apiUrl}`);
        expect(confirmed[0]).toContain(`Envoy at 127.0.0.1:${envoy.port('enforced')}`);
      }
    });

    test("is red where the filter is gone, though the upstream's own 401 looks the same", async () => {
      await expectRed(urlOf('unfiltered'), 'was refused with 401 by somebody else: ostiary was not asked');
    });

    test('is red where the filter is gone and the upstream answers', async () => {
      await expectRed(urlOf('unfiltered', '/open/1'), 'passed with 200: ostiary was not asked');
    });

    test('is red where the filter is disabled for the route', async () => {
      await expectRed(urlOf('disabled'), 'was refused with 401 by somebody else: ostiary was not asked');
    });

    test('is red where ostiary was asked and has let it pass', async () => {
      await expectRed(urlOf('enforced', '/open/1'), 'was let pass by ostiary without credentials (API open)');
    });

    test('tells nobody without the token, and that is no result', async () => {
      const wrong = join(scratchFolder('token'), 'wrong');
      writeFileSync(wrong, 'another-token-of-somebody');
      const { code, stdout, stderr } = await probe(urlOf('enforced'), wrong);
      expect([code, stdout]).toEqual([2, '']);
      expect(stderr).toContain('--api-token-file');
    });

    test('was not made where the URL does not answer, which is not green', async () => {
      const { code, stdout } = await probe(`http://127.0.0.1:${await freePort()}/orders/1`);
      expect(code).toBe(3);
      expect(JSON.parse(stdout)).toMatchObject({ findings: [], confirmed: [], notLookedAt: [{}] });
    });

    test('is red while ostiary is dead: where the failure mode is open, and where it is not', async () => {
      await ostiary.kill();
      await expectRed(urlOf('open', '/open/1'), 'passed with 200 while ostiary does not answer');
      await expectRed(urlOf('open'), 'was answered with 401, which nobody confirms');
      await expectRed(urlOf('enforced'), 'was answered with 503, which nobody confirms');
    });
  });
}
