import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import type { ListenOptions } from '../../../src/grpc/rpc.ts';
import { partOrSkip } from '../../real/parts.ts';
import { contents, createAuthority } from '../certificates.ts';
import { listeners } from '../fixture.ts';
import { transports } from '../transports.ts';
import { testService } from './test-service.ts';

const client = await partOrSkip('grpc-go-interop-client');
const run = promisify(execFile);

/** Every case that the client has, but for those below. */
const CASES = [
  'empty_unary',
  'large_unary',
  'client_streaming',
  'server_streaming',
  'ping_pong',
  'empty_stream',
  'timeout_on_sleeping_server',
  'cancel_after_begin',
  'cancel_after_first_response',
  'status_code_and_message',
  'special_status_message',
  'unimplemented_method',
  'unimplemented_service',
  'pick_first_unary',
];
/** Its help does not name them. */
const UNNAMED = ['rpc_soak', 'channel_soak'];

const NOT_APPLICABLE = {
  custom_metadata: 'a handler sees no metadata, and sends none of its own',
  orca_per_rpc: 'load reports are trailers of a handler’s own',
  orca_oob: 'no load reports are served',
  compute_engine_creds: 'asks Google for credentials',
  service_account_creds: 'asks Google for credentials',
  jwt_token_creds: 'asks Google for credentials',
  per_rpc_creds: 'asks Google for credentials',
  oauth2_auth_token: 'asks Google for credentials',
  google_default_credentials: 'asks Google for credentials',
  compute_engine_channel_credentials: 'asks Google for credentials',
};

/** It says what it has done only where it is asked to. */
const TALKATIVE = { GRPC_GO_LOG_SEVERITY_LEVEL: 'info' };

const authority = createAuthority();
const own = authority.issue('server');
const tls: ListenOptions['tls'] = {
  certificate: contents(own.certificate),
  key: contents(own.key),
  clientAuthorities: undefined,
};

describe.skipIf(client === undefined).each(transports)("grpc-go's interoperability client at $name", (served) => {
  const serve = listeners(served.transport);
  const play = async (testCase: string, options: Partial<ListenOptions>, more: readonly string[]) => {
    const { listener } = await serve(testService, { maxMessageBytes: 4 << 20, ...options });
    const { port } = listener.address as { port: number };
    const where = ['-server_host', '127.0.0.1', '-server_port', String(port)];
    // It ends with 1, and says why, where the server does not do as it should.
    const args = [...where, ...more, '-test_case', testCase];
    const { stderr } = await run(client ?? '', args, { timeout: 15_000, env: { ...process.env, ...TALKATIVE } });
    return stderr;
  };

  it.each([...CASES, ...UNNAMED])('%s', async (testCase) => {
    expect(await play(testCase, {}, [])).toContain(' done');
  });
  // What depends on how octets are cut.
  it.each(['large_unary', 'client_streaming', 'ping_pong', 'empty_stream'])('%s over TLS', async (testCase) => {
    const secure = ['-use_tls', '-use_test_ca', '-ca_file', authority.certificate];
    const named = ['-server_host_override', 'localhost'];
    expect(await play(testCase, { tls }, [...secure, ...named])).toContain(' done');
  });
});

it.skipIf(client === undefined)('its cases are all played, or there is a reason why not', async () => {
  const help = await run(client ?? '', ['-help']).catch((error: { stderr: string }) => error);
  const known = [...help.stderr.matchAll(/^\s+([a-z]\w+) ?: /gm)].map(([, name]) => name);
  expect(new Set(known)).toEqual(new Set([...CASES, ...Object.keys(NOT_APPLICABLE)]));
});
