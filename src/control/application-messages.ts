import { create } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { ApplicationSchema } from '../../gen/ostiary/v1/credentials_pb.js';
import type { Application } from '../../gen/ostiary/v1/credentials_pb.js';
import type { ResourceKey } from '../registry/log.ts';
import { validSecretsOf } from './application-secrets.ts';
import { valueAt } from './facts.ts';

/** @param nowMs milliseconds since the Unix epoch */
export function applicationMessage(
  { namespace, name }: ResourceKey,
  document: unknown,
  revision: number,
  nowMs: number,
): Application {
  const { newest, older } = validSecretsOf(document, nowMs);
  const valid = newest === undefined ? [] : [newest, ...older];
  return create(ApplicationSchema, {
    namespace,
    name,
    clientId: String(valueAt(document, ['spec', 'clientId'])),
    secrets: valid.map(({ expires }) => {
      return expires === undefined ? {} : { expires: timestampFromMs(Date.parse(expires)) };
    }),
    revision: BigInt(revision),
  });
}
