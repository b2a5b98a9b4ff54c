import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { scratchFolder } from '../real/scratch.ts';
import { generate } from './generated.ts';

const kinds = (line: string): readonly string[] => generate(line).documents.map(({ kind }) => kind);
const nameOf = (line: string): string | undefined => generate(line).documents[0]?.metadata.name;

describe('a waypoint', () => {
  test('has no EnvoyFilter: what to do instead is said', () => {
    expect(() => generate('envoyfilter --placement waypoint --namespace shop --target Gateway/wp')).toThrow(
      /every request would pass: ostiary generate extension-provider --namespace shop --target Gateway\/wp/,
    );
  });

  test.each(['Gateway/waypoint', 'Service/orders', 'ServiceEntry/partner', 'GatewayClass/istio-waypoint'])(
    'asks by a policy that targets %s',
    (target) => {
      const { documents } = generate(`extension-provider --namespace shop --target ${target}`);
      const [kind, name] = target.split('/');
      expect(documents).toMatchObject([{ kind: 'AuthorizationPolicy', spec: { targetRefs: [{ kind, name }] } }]);
    },
  );
});

describe('whose requests are meant', () => {
  test.each([
    ['envoyfilter --placement gateway --target Gateway/eg', 'targetRefs'],
    ['envoyfilter --placement gateway --selector istio=ingressgateway', 'workloadSelector'],
    ['extension-provider --selector app=orders', 'selector'],
    ['security-policy --target HTTPRoute/orders', 'targetRefs'],
    ['flex --target ApiInstance/orders', 'targetRef'],
  ])('is said by %s', (line, field) => {
    expect(generate(line).documents[0]?.spec).toHaveProperty(field);
  });

  test.each([
    ['envoyfilter --placement gateway --target eg', /expected Gateway\/NAME/],
    ['envoyfilter --placement gateway --target Service/eg', /expected Gateway\/NAME/],
    ['envoyfilter --target Gateway/eg', /--placement gateway/],
    ['extension-provider --target HTTPRoute/orders', /expected Gateway\/NAME or Service\/NAME/],
    ['extension-provider --target Gateway/eg --selector a=b', /exclude each other/],
    ['security-policy', /--target is missing: expected Gateway\/NAME or HTTPRoute\/NAME or GRPCRoute\/NAME/],
    ['flex --target Gateway/orders', /expected ApiInstance\/NAME/],
  ])('is refused where it can not be: %s', (line, complaint) => {
    expect(() => generate(line)).toThrow(complaint);
  });

  test('names what is generated, so that a second one does not replace the first', () => {
    expect(nameOf('envoyfilter')).toBe('ostiary');
    expect(nameOf('envoyfilter --selector app=Orders_v1.')).toBe('ostiary-orders-v1');
    expect(nameOf('envoyfilter --placement gateway')).toBe('ostiary-gateway');
    expect(nameOf('envoyfilter --placement gateway --target Gateway/eg')).toBe('ostiary-eg');
    expect(nameOf('extension-provider --target Service/orders')).toBe('ostiary-orders');
    expect(nameOf('extension-provider --target Service/orders --name mine')).toBe('mine');
  });
});

describe('the access log', () => {
  test.each(['bootstrap', 'envoyfilter --selector app=orders', 'envoyfilter --placement gateway --target Gateway/eg'])(
    'is streamed to ostiary where it is asked for: %s',
    (line) => {
      expect(generate(line).text).not.toContain('HttpGrpcAccessLogConfig');
      const { text } = generate(`${line} --access-log`);
      const cluster = line === 'bootstrap' ? 'ostiary' : generate(line).documents[0]!.metadata.name + '-default';
      expect(text).toMatch(new RegExp(`HttpGrpcAccessLogConfig\\n[^]*cluster_name: ${cluster}\\n`));
      expect(text).toMatch(/# What Envoy gathers .*\n +buffer_size_bytes: 262144\n/);
      expect(text).toMatch(/additional_request_headers_to_log:\n(?: +- \S+\n)* +- x-forwarded-client-cert\n/);
      expect(text).not.toMatch(/- (?:authorization|cookie|client-id|client-secret|x-api-key)$/im);
    },
  );
});

describe('plain TCP', () => {
  test('is denied for sidecars that ask by an EnvoyFilter, and for nobody else', () => {
    expect(kinds('envoyfilter')).toEqual(['EnvoyFilter', 'AuthorizationPolicy']);
    expect(kinds('envoyfilter --placement gateway')).toEqual(['EnvoyFilter']);
    expect(kinds('envoyfilter --routes-only --api orders')).toEqual(['EnvoyFilter']);
  });

  test('of a port that is to stay open is said so', () => {
    expect(generate('envoyfilter --open-tcp-port 5432').text).toContain('notPorts:\n');
    expect(() => generate('envoyfilter --open-tcp-port x')).toThrow(/expected a port/);
    expect(() => generate('envoyfilter --placement gateway --open-tcp-port 1')).toThrow(/is for an envoyfilter/);
  });
});

describe('the routes of APIs', () => {
  test('are ports of Services for sidecars, and names elsewhere', () => {
    expect(() => generate('envoyfilter --route-api orders=orders')).toThrow(/expected a port/);
    expect(() => generate('envoyfilter --placement gateway --route-api a,b=orders')).toThrow(/without a comma/);
    expect(generate('envoyfilter --placement gateway --route-api shop.orders.0=orders').text).toContain(
      'shop.orders.0',
    );
    expect(() => generate('envoyfilter --routes-only')).toThrow(/has no effect without --api or --route-api/);
  });
});

describe('the provider of the mesh', () => {
  test('is printed for istiod alone; what is applied has a kind', () => {
    const { text, documents } = generate('extension-provider --namespace shop');
    expect(documents.map(({ kind }) => kind)).toEqual(['AuthorizationPolicy']);
    expect(text).toMatch(/^# .*extensionProviders:$/m);
    const [values] = generate('mesh-config').documents as unknown as [{ meshConfig: object }];
    expect(JSON.stringify(values.meshConfig)).toContain('"service":"ostiary.ostiary.svc.cluster.local"');
  });

  test('is never a headless Service, which sidecars can not reach', () => {
    const headless = '--ostiary ostiary-headless.ostiary.svc.cluster.local:9191';
    for (const name of ['mesh-config', 'extension-provider'])
      expect(() => generate(`${name} ${headless}`)).toThrow(/503 for all/);
    expect(generate('envoyfilter').text).toContain('address: ostiary-headless.ostiary.svc.cluster.local');
  });
});

describe('TLS towards ostiary', () => {
  const authority = join(scratchFolder('ca'), 'ca.pem');
  const pem = '-----BEGIN CERTIFICATE-----\nMA==\n-----END CERTIFICATE-----\n';
  writeFileSync(authority, pem);

  test('by its own certificate: the authority is in the filter, and the name is checked', () => {
    const { text } = generate(`envoyfilter --tls-ca ${authority} --tls-name ostiary.example.com`);
    expect(text).toContain('sni: ostiary.example.com');
    expect(text).toContain('exact: ostiary.example.com');
    expect(text).toContain('-----BEGIN CERTIFICATE-----');
    const own = generate(`bootstrap --tls-ca ${authority} --envoy-cert /c.pem --envoy-key /k.pem`).text;
    expect(own).toContain('filename: /k.pem');
  });

  test("by the mesh's: nobody but that workload is asked", () => {
    const identity = 'spiffe://cluster.local/ns/ostiary/sa/ostiary';
    expect(generate(`envoyfilter --mesh-identity ${identity}`).text).toMatch(/san_type: URI\n.*\n.*exact: spiffe:/);
    expect(kinds(`extension-provider --mesh-identity ${identity}`)).toEqual(['AuthorizationPolicy', 'DestinationRule']);
  });

  test.each([
    ['envoyfilter --tls-ca /nowhere/ca.pem', /can't be read/],
    ['envoyfilter --tls-name x', /without --tls-ca/],
    [`envoyfilter --tls-ca ${authority} --ostiary unix:/run/o.sock`, /needs no TLS/],
    [`envoyfilter --tls-ca ${authority} --envoy-cert /c`, /belong together/],
    ['envoyfilter --mesh-identity ostiary', /expected spiffe:/],
    ['bootstrap --mesh-identity spiffe://a/b', /needs Istio/],
  ])('refuses %s', (line, complaint) => {
    expect(() => generate(line)).toThrow(complaint);
  });
});

describe('an injected sidecar', () => {
  const injection = 'injection-template --ostiary unix:/run/ostiary/ostiary.sock';

  test('takes secrets, environment and flags', () => {
    const line = `${injection} --secret-env A=web-shop/secret --secret-files partner --env TZ=UTC --redis-secret redis/url --extra-arg=--log-level=debug`;
    expect(generate(line).text).toMatch(/secretKeyRef:[^]*name: web-shop/);
  });

  test.each([
    ['--redis redis://:secret@redis:6379', /everybody would read.*--redis-secret/],
    ['--redis redis://redis:6379 --redis-secret a/b', /exclude each other/],
    ['--secret-env A=web-shop', /expected SECRET\/KEY/],
    ['--env A', /expected NAME=VALUE/],
    ['--env A={{x}}', /would evaluate/],
  ])('refuses %s', (flags, complaint) => {
    expect(() => generate(`${injection} ${flags}`)).toThrow(complaint);
  });
});
