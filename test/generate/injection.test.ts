import { describe, expect, test } from 'vitest';
import { injectionOptions, renderInjection } from './injection.ts';

describe.each([true, false])('the injected sidecar, with a native proxy: %s', (native) => {
  const { initContainers, containers, volumes } = renderInjection(injectionOptions, native);

  test('is a native sidecar that listens on the shared socket', () => {
    expect(initContainers[0]).toMatchObject({ name: 'ostiary', restartPolicy: 'Always' });
    expect(initContainers[0]?.args).toContain('--listen=unix:/run/ostiary/ostiary.sock');
  });

  test('has its metrics where Prometheus reaches them, IPv6 too, and its probes ask the same port', () => {
    expect(initContainers[0]?.args).toContain('--admin-listen=:9190');
    expect(JSON.stringify(initContainers[0])).toMatch(
      /startupProbe.*127\.0\.0\.1:9190\/readyz.*livenessProbe.*127\.0\.0\.1:9190\/livez/,
    );
  });

  test("shares the socket with Istio's proxy, wherever that is", () => {
    const proxy = [...initContainers, ...(containers ?? [])].find(({ name }) => name === 'istio-proxy');
    expect(proxy?.volumeMounts).toEqual([{ name: 'ostiary-socket', mountPath: '/run/ostiary' }]);
    expect(containers === undefined).toBe(native);
    expect(volumes.map(({ name }) => name)).toEqual(['ostiary-socket', 'ostiary-policies']);
  });
});

test('with Redis all pods share the quota', () => {
  const { initContainers } = renderInjection({ ...injectionOptions, redis: 'redis://redis:6379' }, true);
  expect(initContainers[0]?.args).toContain('--redis=redis://redis:6379');
});

test('secrets come from the namespace of the pod, and none stands in the values of istiod', () => {
  const { initContainers, volumes } = renderInjection(
    {
      ...injectionOptions,
      redisSecret: { name: 'redis', key: 'url' },
      secretEnv: [{ variable: 'WEB_SHOP_SECRET', name: 'web-shop', key: 'secret' }],
      secretFiles: ['partner'],
      env: { TZ: 'UTC' },
      extraArgs: ['--log-level=debug'],
    },
    true,
  );
  expect(initContainers[0]?.env).toEqual([
    { name: 'TZ', value: 'UTC' },
    { name: 'OSTIARY_REDIS', valueFrom: { secretKeyRef: { name: 'redis', key: 'url' } } },
    { name: 'WEB_SHOP_SECRET', valueFrom: { secretKeyRef: { name: 'web-shop', key: 'secret' } } },
  ]);
  expect(initContainers[0]?.args).toContain('--log-level=debug');
  expect(initContainers[0]?.volumeMounts?.map(({ mountPath }) => mountPath)).toContain('/etc/ostiary/secrets/partner');
  expect(volumes.map(({ name }) => name)).toContain('ostiary-secret-0');
});
