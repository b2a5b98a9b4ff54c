import type { CheckRequestJson } from '../../../../gen/envoy/service/auth/v3/external_auth_pb.js';
import type { SampleJson } from '../../../../gen/ostiary/v1/analytics_pb.js';
import type { CurlRequest } from './curl.ts';

/** The Check that Envoy would send for a request. @param address of who asks @param now in milliseconds */
export function checkOf(
  { headers, host, method, path, scheme }: CurlRequest,
  address: string,
  now: number,
): CheckRequestJson {
  return {
    attributes: {
      source: { address: { socketAddress: { address, portValue: 0 } } },
      request: {
        time: new Date(now).toISOString(),
        http: {
          id: '0',
          method,
          path,
          host,
          scheme,
          headers: { ':method': method, ':path': path, ':authority': host, ':scheme': scheme, ...headers },
        },
      },
    },
  };
}

/** A line to begin with, from what is known of a request: its path is a template, and it has no credentials. */
export function curlOf({ method = 'GET', route = '/' }: SampleJson, host: string): string {
  return [
    ...(method === 'GET' ? ['curl'] : [`curl -X ${quoted(method)}`]),
    quoted(`https://${host}${route.startsWith('/') ? route : `/${route}`}`),
  ].join(' ');
}

function quoted(text: string): string {
  return /^[\w./:-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
