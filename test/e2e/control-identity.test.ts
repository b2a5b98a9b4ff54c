import { createServer } from 'node:https';
import type { Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { grpcConnection } from '../../src/sync/grpc-connection.ts';
import type { JoinedNode } from '../../src/sync/connection.ts';
import { tokenIssuer } from '../control/kubernetes-tokens.ts';
import { runMain } from '../cli/run-main.ts';
import { document, writeFolder } from '../document/documents.ts';
import { startControlPlane } from '../real/control-plane.ts';
import type { RealControlPlane } from '../real/control-plane.ts';
import { startOstiary } from '../real/ostiary.ts';
import type { RealOstiary } from '../real/ostiary.ts';
import { partOrSkip } from '../real/parts.ts';
import { freePort, scratchFolder } from '../real/scratch.ts';
import { openWorkloadAuthority } from '../real/workload-certificates.ts';
import type { WorkloadAuthority, WorkloadCertificate } from '../real/workload-certificates.ts';

const openssl = await partOrSkip('openssl');
const WEB = 'spiffe://cluster.local/ns/shop/sa/web';

describe.skipIf(openssl === undefined)('a control plane that trusts a mesh and a cluster', () => {
  const folder = scratchFolder('control-identity');
  const issuer = tokenIssuer();
  let authority: WorkloadAuthority;
  let own: WorkloadCertificate;
  let cluster: Server;
  let clusterUrl: string;
  let control: RealControlPlane;
  let authorities: Buffer;
  const isAsked: string[] = [];

  beforeAll(async () => {
    authority = await openWorkloadAuthority();
    authorities = readFileSync(authority.caFile);
    own = authority.certify('DNS:localhost,IP:127.0.0.1');
    cluster = createServer({ cert: own.cert, key: own.key }, (request, response) => {
      isAsked.push(request.headers.authorization ?? '');
      const keys = request.url === '/openid/v1/jwks';
      const metadata = { issuer: clusterUrl, jwks_uri: `${clusterUrl}/openid/v1/jwks` };
      response.end(JSON.stringify(keys ? issuer.jwks : metadata));
    });
    await new Promise<void>((resolve) => void cluster.listen(0, '127.0.0.1', resolve));
    clusterUrl = `https://127.0.0.1:${(cluster.address() as AddressInfo).port}`;
    const asking = join(folder, 'asking');
    writeFileSync(asking, 'the-control-planes-own');
    control = await startControlPlane(join(folder, 'data'), `localhost:${await freePort()}`, {
      tls: { cert: own.certFile, key: own.keyFile },
      args: [
        '--control-tls-client-ca',
        authority.caFile,
        '--trust-spiffe',
        'spiffe://cluster.local/ns/{ns}/sa/*,namespace={ns}',
        '--trust-kubernetes',
        `${clusterUrl},cluster=eu-1,ca=${authority.caFile},token=${asking}`,
      ],
    });
    const api = (name: string, namespace: string) => {
      const made = document('Api', name, { basePath: `/${name}` });
      return { ...made, metadata: { ...made.metadata, namespace } };
    };
    const documents = [api('orders', 'shop'), api('meals', 'food'), api('carts', 'eu-1.shop')];
    const applied = await ostiary('apply', '-f', writeFolder({ 'a.json': documents }));
    expect(applied).toMatchObject({ code: 0 });
  });
  afterAll(async () => {
    await control?.stop();
    cluster?.close();
  });

  const ostiary = (...argv: string[]) =>
    runMain([...argv, '--server-ca', authority.caFile], { ...control.env, OSTIARY_SERVER: control.url });
  const sidecars = async () => (await ostiary('sidecars')).stdout;

  async function called<T>(
    certificate: WorkloadCertificate | undefined,
    act: (connection: ReturnType<typeof grpcConnection>) => Promise<T>,
  ): Promise<T> {
    const shown = certificate && { certificate: Buffer.from(certificate.cert), key: Buffer.from(certificate.key) };
    const connection = grpcConnection(control.url, { authorities, own: shown }, systemClock);
    try {
      return await act(connection);
    } finally {
      connection.close();
    }
  }
  const joined = (certificate: WorkloadCertificate | undefined, token?: string, node = 'n'): Promise<JoinedNode> =>
    called(certificate, (connection) => connection.join(token, node, '1'));
  /** @returns the error with which the stream ends, if it does so at once */
  const follow = (certificate: WorkloadCertificate | undefined, credential: string): Promise<unknown> =>
    called(certificate, async (connection) => {
      const stream = connection.follow(credential);
      try {
        return await Promise.race([
          stream.messages.next().then(
            () => 'answered',
            (error: unknown) => error,
          ),
          new Promise((resolve) => setTimeout(resolve, 1000, 'open')),
        ]);
      } finally {
        stream.cancel();
      }
    });

  test('knows a workload by its certificate, whatever name it gives itself', async () => {
    const web = authority.certify(`URI:${WEB}`);
    const workload = await joined(web, undefined, 'web-0');
    expect(workload).toMatchObject({
      node: 'cluster.local/ns/shop/sa/web/web-0',
      scope: { namespaces: ['shop'], apis: [], labels: {} },
    });
    // The credential alone is nobody: the certificate has to be shown with it.
    expect(await follow(web, workload.credential)).toBe('open');
    expect(await follow(undefined, workload.credential)).toMatchObject({ code: 16 });
    const other = authority.certify('URI:spiffe://cluster.local/ns/food/sa/web');
    expect(await follow(other, workload.credential)).toMatchObject({ code: 16 });
    expect((await joined(other, undefined, 'web-0')).scope.namespaces).toEqual(['food']);
  });

  test('refuses certificates that are spoofed, of another authority or of no rule', async () => {
    const stranger = await openWorkloadAuthority();
    const refused: readonly (readonly [WorkloadCertificate | undefined, RegExp])[] = [
      [undefined, /show a client certificate/],
      [stranger.certify(`URI:${WEB}`), /show a client certificate/],
      [authority.certify('DNS:web.shop'), /its only URI must be a SPIFFE id/],
      // A text that shows names one after the other would have this one among them.
      [authority.certify(`DNS:x, URI:${WEB}`, { isOneName: true }), /its only URI must be a SPIFFE id/],
      [authority.certify(`URI:${WEB},URI:spiffe://cluster.local/ns/food/sa/web`), /its only URI must be a SPIFFE id/],
      [authority.certify('URI:spiffe://cluster.local/ns/../sa/web'), /its URI is no SPIFFE id/],
      [authority.certify('URI:spiffe://cluster.local/ns/shop/sa/web/x'), /no rule of --trust-spiffe/],
      [authority.certify('URI:spiffe://other.example/ns/shop/sa/web'), /no rule of --trust-spiffe/],
      [authority.certify(`URI:${WEB}`, { isAuthority: true }), /it is one of an authority/],
      [authority.certify(`URI:${WEB}`, { hasEnded: true }), /show a client certificate/],
    ];
    for (const [certificate, why] of refused) {
      await expect(joined(certificate)).rejects.toMatchObject({ code: 16, message: expect.stringMatching(why) });
    }
  });

  test('knows a pod by its token of Kubernetes, whose keys it asks the cluster for', async () => {
    const token = issuer.token({ iss: clusterUrl });
    expect(await joined(undefined, token, 'another-name')).toMatchObject({
      node: 'eu-1.shop/web-7d9f-x2',
      credential: '',
      scope: { namespaces: ['eu-1.shop'] },
    });
    expect(isAsked).toEqual(['Bearer the-control-planes-own', 'Bearer the-control-planes-own']);
    expect(await follow(undefined, token)).toBe('open');
    const refused: readonly (readonly [string, RegExp])[] = [
      [issuer.token({ iss: clusterUrl }, { alg: 'none' }), /no issuer of --trust-kubernetes|is not taken/],
      [issuer.token({ iss: clusterUrl, aud: ['other'] }), /for another audience/],
      [issuer.token({ iss: clusterUrl, exp: 1 }), /has expired/],
      [issuer.token(), /no issuer of --trust-kubernetes/],
      [tokenIssuer().token({ iss: clusterUrl }), /no key of its issuer has signed/],
    ];
    for (const [wrong, why] of refused) {
      await expect(joined(undefined, wrong)).rejects.toMatchObject({ code: 16, message: expect.stringMatching(why) });
      expect(await follow(undefined, wrong)).toMatchObject({ code: 16 });
    }
  });

  describe('with real sidecars', () => {
    const running: RealOstiary[] = [];
    afterAll(() => Promise.all(running.map((each) => each.stop())));
    const start = async (...args: string[]): Promise<void> => {
      const common = ['--control', control.url, '--control-ca', authority.caFile];
      running.push(await startOstiary({ policies: folder, args: [...common, ...args] }));
    };

    test('lets each have what its certificate or token says, and no more', async () => {
      const web = authority.certify(`URI:${WEB}`);
      await start('--node-id', 'side', '--control-client-cert', web.certFile, '--control-client-key', web.keyFile);
      const token = join(folder, 'token');
      writeFileSync(token, issuer.token({ iss: clusterUrl }));
      await start('--control-token-file', token, '--cache-dir', join(folder, 'cache'));
      const told = await sidecars();
      expect(told).toMatch(/cluster\.local\/ns\/shop\/sa\/web\/side +in sync/);
      expect(told).toMatch(/eu-1\.shop\/web-7d9f-x2 +in sync/);
      const apis = await Promise.all(
        running.map(async ({ adminUrl }) => {
          const metrics = await (await fetch(`${adminUrl}/metrics`)).text();
          return /^ostiary_snapshot_apis (\d+)$/m.exec(metrics)?.[1];
        }),
      );
      expect(apis).toEqual(['1', '1']);
    });
  });
});
