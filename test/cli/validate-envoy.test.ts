import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { accessLogger, LOGGED } from '../../src/generate/access-logger.ts';
import { bootstrap } from '../../src/generate/bootstrap.ts';
import { extAuthzFilter } from '../../src/generate/ext-authz.ts';
import { generate } from '../generate/generated.ts';
import { runMain } from './run-main.ts';
import { said } from './said-of-envoy.ts';

/** A connection manager in which the filter asks a cluster "ostiary". */
function manager(
  fields: object,
  filter: object = extAuthzFilter({ cluster: 'ostiary', timeoutMs: 250, rawHeaders: false }),
): string {
  return stringify({
    name: 'envoy.filters.network.http_connection_manager',
    typed_config: {
      '@type': 'type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager',
      http_filters: [filter],
      ...fields,
    },
  });
}

type Logger = { name: string; filter?: object; typed_config: Record<string, unknown> & { common_config: object } };
const logger = (): Logger => accessLogger('ostiary') as Logger;
const withConfig = (changed: object): Logger => ({
  ...logger(),
  typed_config: { ...logger().typed_config, ...changed },
});
const withCommon = (changed: object): Logger =>
  withConfig({ common_config: { ...logger().typed_config.common_config, ...changed } });

describe('ostiary validate --envoy', () => {
  it.each([
    'bootstrap --access-log --upstream 127.0.0.1:8080',
    'envoyfilter --access-log --namespace shop --selector app=orders',
    'envoyfilter --access-log --namespace shop --placement gateway --target Gateway/shop',
    'mesh-config --access-log',
    'extension-provider --access-log --namespace shop --target Gateway/waypoint',
    'security-policy --access-log --namespace shop --target Gateway/eg',
  ])('has nothing to say of what generate %s prints', async (line) => {
    expect(await said(generate(line).text)).toEqual({
      code: 0,
      lines: ['FILE: ostiary is asked in 1 place, and the access log comes to it'],
      stderr: '',
    });
  });

  it.each([
    [
      'bootstrap --upstream 127.0.0.1:8080',
      /^FILE:\d+:17: warning: static_resources.*access_log: has no logger .* "ostiary"/,
    ],
    [
      'envoyfilter --namespace shop --selector app=orders',
      /^FILE:\d+:\d+: warning: spec\.configPatches\[1\].*no patch/,
    ],
    ['mesh-config', /warning: meshConfig\.extensionProviders\[0\]\.envoyExtAuthzGrpc: no provider with envoyHttpAls/],
    [
      'extension-provider --namespace shop --target Gateway/waypoint',
      /warning: spec\.provider: asks "ostiary", and no Tele/,
    ],
    [
      'security-policy --namespace shop --target Gateway/eg',
      /warning: spec\.extAuth\.grpc\.backendRefs\[0\]: asks ostiary\.ostiary:9191, and no EnvoyProxy of this file/,
    ],
  ])('warns of what generate %s prints without a log', async (line, expected) => {
    const { code, lines } = await said(generate(line).text);
    expect([code, lines]).toEqual([
      0,
      [expect.stringMatching(expected), 'FILE: ostiary is asked in 1 place, and the access log comes from 0'],
    ]);
    expect(lines[0]).toContain('--access-log');
  });

  it.each([
    [withCommon({ buffer_size_bytes: 16_384 }), 'common_config.buffer_size_bytes: is 16384: '],
    [withCommon({ buffer_size_bytes: undefined }), 'buffer_size_bytes: is not set, so Envoy gathers 16 KiB: '],
    [withCommon({ buffer_flush_interval: '120s' }), 'buffer_flush_interval: is 120s: '],
    [
      withConfig({ additional_request_headers_to_log: LOGGED.requestHeaders.filter((name) => name !== 'traceparent') }),
      'additional_request_headers_to_log: lacks traceparent: events have no trace id',
    ],
    [
      withConfig({ additional_response_trailers_to_log: undefined }),
      'additional_response_trailers_to_log: lacks grpc-status',
    ],
    [
      { ...logger(), filter: { status_code_filter: {} } },
      'access_log[0].filter: requests that it leaves out are told as unreported',
    ],
    [{ ...logger(), filter: { log_type_filter: { types: ['DownstreamStart'] } } }, 'filter: leaves out DownstreamEnd'],
    [
      { ...logger(), filter: { log_type_filter: { types: ['DownstreamEnd'], exclude: true } } },
      'leaves out DownstreamEnd',
    ],
  ])('warns of a logger that loses something: %#', async (changed, expected) => {
    const { code, lines } = await said(manager({ access_log: [changed] }));
    expect([code, lines.length, lines[0]]).toEqual([0, 2, expect.stringContaining(expected)]);
    expect(lines[0]).toMatch(/^FILE:\d+:\d+: warning: typed_config\.access_log/);
  });

  it('says nothing of a filter that keeps every end, of names in camel case, and of other loggers beside', async () => {
    const kept = { ...logger(), filter: { log_type_filter: { types: ['DownstreamEnd'] } } };
    const { common_config, ...rest } = logger().typed_config;
    const camel = {
      '@type': rest['@type'],
      commonConfig: { logName: 'ostiary', bufferSizeBytes: '262144' },
      additionalRequestHeadersToLog: LOGGED.requestHeaders,
      additionalResponseHeadersToLog: LOGGED.responseHeaders,
      additionalResponseTrailersToLog: LOGGED.responseTrailers,
    };
    expect(common_config).toBeDefined();
    for (const each of [kept, { typedConfig: camel }]) {
      const { lines } = await said(manager({ access_log: [{ name: 'envoy.access_loggers.stdout' }, each] }));
      expect(lines).toEqual(['FILE: ostiary is asked in 1 place, and the access log comes to it']);
    }
  });

  it.each([
    [
      manager({ access_log: [{ typed_config: { '@type': 'x.TcpGrpcAccessLogConfig' } }] }),
      'is the logger of TCP connections',
    ],
    [
      manager({
        http_filters: [
          extAuthzFilter({ cluster: 'ostiary', timeoutMs: 1, rawHeaders: false }),
          { typed_config: { '@type': 'x.Router', upstream_log: [logger()] } },
        ],
      }),
      'upstream_log[0]: logs the upstream',
    ],
    [
      manager({ access_log: [logger()], route_config: { x: { '@type': 'x.ExtAuthzPerRoute', disabled: true } } }),
      'disabled: requests of these routes pass without a decision',
    ],
    [
      manager(
        { access_log: [logger()] },
        {
          typed_config: {
            '@type': 'x.ExtAuthz',
            failure_mode_allow: true,
            grpc_service: { envoy_grpc: { cluster_name: 'ostiary' } },
          },
        },
      ),
      'failure_mode_allow: lets every request pass',
    ],
    [
      manager({ access_log: [logger()] }, { typed_config: { '@type': 'x.ExtAuthz', http_service: {} } }),
      'http_service: asks over HTTP',
    ],
  ])('warns of what else keeps requests from being counted: %#', async (text, expected) => {
    const { code, lines } = await said(text);
    expect([code, lines[0]]).toEqual([0, expect.stringContaining(expected)]);
  });

  it('reads a dump of JSON, and each listener by itself', async () => {
    const options = {
      timeoutMs: 250,
      upstream: { host: '127.0.0.1', port: 1 },
      ostiary: { kind: 'tcp', host: 'o', port: 1 },
    } as const;
    const listener = { host: '::', port: 1, rawHeaders: false, normalizePath: true, api: undefined };
    const listeners = [
      { ...listener, name: 'a' },
      { ...listener, name: 'b' },
    ];
    const dump = {
      configs: [bootstrap({ ...options, listeners, accessLog: true }), bootstrap({ ...options, listeners })],
    };
    const { lines } = await said(JSON.stringify(dump, null, 2));
    expect(lines).toHaveLength(3);
    expect(lines[0]).toMatch(/^FILE:\d+:\d+: warning: configs\[1\]\.static_resources\.listeners\[0\]/);
    expect(lines[2]).toBe('FILE: ostiary is asked in 4 places, and the access log comes from 2');
  });

  it('refuses what it cannot read, and what asks nobody', async () => {
    const broken = await said('a: [1\nb: 2\n');
    expect([broken.code, broken.lines[0]]).toEqual([1, expect.stringMatching(/^FILE:\d+:\d+: not valid YAML: /)]);
    const other = await said('listeners: []\n');
    expect([other.code, other.lines, other.stderr]).toEqual([
      1,
      [expect.stringContaining('nothing in it asks')],
      'ostiary: 1 fault\n',
    ]);
    const absent = await runMain(['validate', '--envoy', '/nowhere.yaml']);
    expect([absent.code, absent.stderr]).toEqual([
      1,
      'ostiary: --envoy: /nowhere.yaml: there is no such file or directory\n',
    ]);
  });

  it('has the same as JSON, beside the documents or alone', async () => {
    const { lines, code } = await said(generate('mesh-config').text, '--json');
    const [told] = lines.map((line) => JSON.parse(line) as { envoy: object[] });
    expect(code).toBe(0);
    expect(told).toMatchObject({
      valid: true,
      envoy: [{ asking: 1, logging: 0, faults: [], warnings: [{ severity: 'warning' }] }],
    });
    const both = await said('nothing: here\n', '--json', 'policies');
    expect([both.code, JSON.parse(both.lines[0] ?? '')]).toMatchObject([
      1,
      { valid: false, apis: 3, envoy: [{ faults: [{ line: 0 }] }] },
    ]);
  });
});
