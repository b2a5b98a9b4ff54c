import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { vouchingBy } from '../../src/control/trust/vouching.ts';
import { startKubernetes } from '../real/kubernetes.ts';
import type { ApplicableObject, RealKubernetes } from '../real/kubernetes.ts';
import { partOrSkip } from '../real/parts.ts';

const parts = [await partOrSkip('etcd'), await partOrSkip('kube-apiserver')];
/** Of the API server that tests start. */
const ISSUER = 'https://localhost';

describe.skipIf(parts.includes(undefined))('tokens of a real kube-apiserver', () => {
  let kubernetes: RealKubernetes;
  beforeAll(async () => {
    kubernetes = await startKubernetes();
    const metadata = { name: 'web', namespace: 'shop' };
    const container = { name: 'c', image: 'c' };
    for (const object of [
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } },
      { apiVersion: 'v1', kind: 'ServiceAccount', metadata },
      {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: 'web-0', namespace: 'shop' },
        spec: { serviceAccountName: 'web', containers: [container] },
      },
    ] as ApplicableObject[]) {
      expect((await kubernetes.apply(object, false)).status).toBeLessThan(300);
    }
  }, 300_000);
  afterAll(() => kubernetes?.stop());

  /** What the kubelet asks for, for a volume of the pod. */
  async function tokenFor(audience: string, isOfPod = true): Promise<string> {
    const pod = (await kubernetes.ask('GET', '/api/v1/namespaces/shop/pods/web-0')).body as {
      metadata: { uid: string };
    };
    const boundObjectRef = { apiVersion: 'v1', kind: 'Pod', name: 'web-0', uid: pod.metadata.uid };
    const asked = {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      spec: { audiences: [audience], expirationSeconds: 3607, ...(isOfPod && { boundObjectRef }) },
    };
    const answer = await kubernetes.create('/api/v1/namespaces/shop/serviceaccounts/web/token', asked);
    return (answer.body as unknown as { status: { token: string } }).status.token;
  }

  test('say which pod calls, if they are for us', async () => {
    const read = async () => (await kubernetes.ask('GET', '/openid/v1/jwks')).body;
    const rules = { spiffe: [], kubernetes: [`${ISSUER},cluster=eu-1,service-account=web`] };
    const vouching = vouchingBy(rules, { clock: systemClock, onFault() {}, read });
    const pod = await vouching?.ofToken(await tokenFor('ostiary'));
    expect(pod).toMatchObject({ node: 'eu-1.shop/web-0', scope: { namespaces: ['eu-1.shop'] } });
    expect(pod?.expiresAt).toBeGreaterThan(Date.now() + 3_500_000);
    await expect(vouching?.ofToken(await tokenFor(ISSUER))).rejects.toThrow(/another audience/);
    await expect(vouching?.ofToken(await tokenFor('ostiary', false))).rejects.toThrow(/bound to no pod/);
    const metadata = (await kubernetes.ask('GET', '/.well-known/openid-configuration')).body;
    expect(metadata).toMatchObject({ issuer: ISSUER, jwks_uri: expect.stringContaining('/openid/v1/jwks') });
  });
});
