import { create } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { CheckRequestSchema } from '../../gen/envoy/service/auth/v3/external_auth_pb.js';
import type { CheckRequest } from '../../gen/envoy/service/auth/v3/external_auth_pb.js';
import { UserError } from '../errors.ts';

export interface RequestDescription {
  readonly method: string;
  readonly path: string;
  readonly host: string;
  /** `name: value` each. */
  readonly header: readonly string[];
  readonly sourceAddress: string;
  readonly sourcePrincipal: string | undefined;
  /** `name=value` each. */
  readonly contextExtension: readonly string[];
}

/**
 * The Check that Envoy would send for a request.
 * @param now milliseconds since the Unix epoch
 */
export function checkRequestOf(described: RequestDescription, now: number): CheckRequest {
  const { method, path, host, sourceAddress, sourcePrincipal: principal = '' } = described;
  const headers = new Map([
    [':method', method],
    [':path', path],
    [':authority', host],
    [':scheme', 'http'],
  ]);
  for (const header of described.header) {
    const [name, value] = parted(header, ':', '--header', '"NAME: VALUE"');
    const key = name.toLowerCase();
    // Envoy joins repeated headers.
    const earlier = headers.get(key);
    headers.set(key, earlier === undefined ? value : `${earlier},${value}`);
  }
  const contextExtensions = Object.fromEntries(
    described.contextExtension.map((entry) => parted(entry, '=', '--context-extension', 'NAME=VALUE')),
  );
  return create(CheckRequestSchema, {
    attributes: {
      source: {
        principal,
        address: {
          address: {
            case: 'socketAddress',
            value: { address: sourceAddress, portSpecifier: { case: 'portValue', value: 0 } },
          },
        },
      },
      request: {
        time: timestampFromMs(now),
        http: { id: '0', method, path, host, scheme: 'http', headers: Object.fromEntries(headers) },
      },
      contextExtensions,
    },
  });
}

function parted(entry: string, separator: string, flag: string, form: string): [name: string, value: string] {
  const at = entry.indexOf(separator);
  if (at < 1) throw new UserError(`${flag} is ${JSON.stringify(entry)}: expected ${form}`, 2);
  return [entry.slice(0, at).trim(), entry.slice(at + 1).trim()];
}
