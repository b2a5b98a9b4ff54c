import { expect, test } from 'vitest';
import { upstreamHeader } from '../../src/policy/upstream-header.ts';

test.each([
  'Host',
  'authorization',
  'Cookie',
  'set-cookie',
  'X-Request-Id',
  'x_request_id',
  'trailer',
  'Keep-Alive',
  'proxy-authorization',
  'proxy-connection',
  'Forwarded',
  'via',
  'te',
  'Expect',
  'content-type',
  'grpc-timeout',
  'x-real-ip',
  'traceparent',
  'X-Forwarded-Client-Cert',
  'x-envoy-original-path',
  ':path',
])('no policy may set %s, on which Envoy, HTTP or other credentials depend', (name) => {
  const { error } = upstreamHeader.safeParse(name);
  expect(error?.issues[0]?.message).toContain('choose a name of your own');
});

test.each(['x-client-id', 'X-User', 'user_name', 'via-client', 'cookie-owner'])('a policy may set %s', (name) => {
  expect(upstreamHeader.parse(name)).toBe(name.toLowerCase());
});
