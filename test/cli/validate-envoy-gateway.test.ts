import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { LOGGED } from '../../src/generate/access-logger.ts';
import { securityPolicy } from '../../src/generate/security-policy.ts';
import { said } from './said-of-envoy.ts';

const [policy, proxy] = securityPolicy({
  name: 'ostiary',
  namespace: 'shop',
  target: { kind: 'Gateway', name: 'eg' },
  service: { name: 'ostiary', namespace: 'shop', port: 9191 },
  timeoutMs: 250,
  api: undefined,
  accessLog: true,
}) as [Resource, Resource];
type Resource = { kind: string; spec: Record<string, Record<string, Record<string, unknown>>> };
/** What Envoy Gateway is given: both resources, with this in place of the settings of the access log. */
const gateway = (accessLog: object | undefined, extAuth: object = {}): string =>
  [
    { ...policy, spec: { ...policy.spec, extAuth: { ...policy.spec['extAuth'], ...extAuth } } },
    { ...proxy, spec: accessLog === undefined ? {} : { telemetry: { accessLog } } },
  ]
    .map((each) => stringify(each))
    .join('---\n');
const als = (changed: object = {}, setting: object = {}): object => ({
  settings: [
    {
      ...setting,
      sinks: [
        { type: 'File', file: { path: '/dev/stdout' } },
        {
          type: 'ALS',
          als: {
            backendRefs: [{ kind: 'Service', name: 'ostiary', port: 9191 }],
            type: 'HTTP',
            http: {
              requestHeaders: LOGGED.requestHeaders,
              responseHeaders: LOGGED.responseHeaders,
              responseTrailers: LOGGED.responseTrailers,
            },
            ...changed,
          },
        },
      ],
    },
  ],
});
const FIELDS = 'spec.telemetry.accessLog.settings[0]';

describe('ostiary validate --envoy, for Envoy Gateway,', () => {
  it('says nothing of an EnvoyProxy whose log comes to whom its policies ask, whatever its name', async () => {
    const { lines } = await said(gateway(als()));
    expect(lines).toEqual(['FILE: ostiary is asked in 1 place, and the access log comes to it']);
  });

  it.each([
    [gateway(undefined), 0, 'backendRefs[0]: asks ostiary.shop:9191, and no sink of type ALS in EnvoyProxy ostiary'],
    [gateway({ disable: true }), 0, 'spec.telemetry.accessLog.disable: these proxies log nothing'],
    [gateway(als({ type: 'TCP' })), 0, `${FIELDS}.sinks[1].als.type: is "TCP": requests need HTTP`],
    [gateway(als({}, { type: 'Upstream' })), 0, `${FIELDS}.type: logs the upstream's side`],
    [gateway(als({}, { type: 'Listener' })), 0, `${FIELDS}.type: logs connections of listeners`],
    [gateway(als({}, { matches: ['response.code >= 400'] })), 1, `${FIELDS}.matches: requests that it leaves out`],
    [gateway(als({ http: undefined })), 1, `${FIELDS}.sinks[1].als.http.requestHeaders: lacks :method, traceparent`],
    [
      gateway(als({ http: { requestHeaders: LOGGED.requestHeaders, responseHeaders: LOGGED.responseHeaders } })),
      1,
      `${FIELDS}.sinks[1].als.http.responseTrailers: lacks grpc-status`,
    ],
    [
      gateway(als({ backendRefs: [{ name: 'other', port: 9191 }] })),
      0,
      'and no sink of type ALS in EnvoyProxy ostiary',
    ],
    [gateway(als(), { failOpen: true }), 1, 'spec.extAuth.failOpen: lets every request pass'],
    [gateway(als(), { grpc: undefined, http: { path: '/' } }), 0, 'spec.extAuth.http: asks over HTTP'],
  ])('warns of what an EnvoyProxy loses, in its own terms: %#', async (text, logging, expected) => {
    const { code, lines } = await said(text);
    expect([code, lines.filter((line) => line.includes(expected))]).toEqual([
      0,
      [expect.stringMatching(/^FILE:\d+:\d+: /)],
    ]);
    const asked = text.includes('grpc:') ? 1 : 0;
    expect(lines.at(-1)).toMatch(
      logging === asked && asked === 1
        ? /comes to it$/
        : asked === 0
          ? /./
          : /is asked in 1 place, and the access log comes from 0/,
    );
  });
});
