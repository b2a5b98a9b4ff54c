import { create } from '@bufbuild/protobuf';
import type { JsonObject } from '@bufbuild/protobuf';
import {
  GetSchemaRequestSchema,
  GetSchemaResponseSchema,
  ListKindsRequestSchema,
  ListKindsResponseSchema,
  ListOwnApisRequestSchema,
  ListOwnApisResponseSchema,
  ListRequestsRequestSchema,
  ListRequestsResponseSchema,
} from '../../gen/ostiary/v1/authoring_pb.js';
import type { Clock } from '../clock.ts';
import { kindSchema, policySchema } from '../document/json-schema.ts';
import { documentSchemas } from '../document/schema.ts';
import { Code, RpcError } from '../grpc/rpc.ts';
import type { Method } from '../grpc/rpc.ts';
import type { RegisteredKind } from '../policies/environment.ts';
import type { Registry } from '../registry/registry.ts';
import type { ControlAccess } from './access.ts';
import type { CurrentIndex } from './current-index.ts';
import { guardedUnary } from './guarded.ts';
import { ownApis } from './own-apis.ts';
import { Rights } from './rights.ts';
import { waitingRequests } from './waiting-requests.ts';

export interface AuthoringPorts {
  readonly registry: Registry;
  readonly index: CurrentIndex;
  readonly access: ControlAccess;
  readonly policyKinds: ReadonlyMap<string, RegisteredKind>;
  readonly clock: Pick<Clock, 'now'>;
}

/** The methods of AuthoringService. */
export function authoringMethods({ registry, index, access, policyKinds, clock }: AuthoringPorts): readonly Method[] {
  const unary = guardedUnary('ostiary.v1.AuthoringService', access);
  const policies = [...new Set(policyKinds.values())].map((kind) => ({
    name: kind.name,
    aliases: [...policyKinds].flatMap(([name, other]) => (other === kind && name !== kind.name ? [name] : [])),
    summary: kind.summary,
    phase: kind.phase,
  }));
  return [
    unary('ListKinds', ListKindsRequestSchema, ListKindsResponseSchema, () =>
      Promise.resolve(create(ListKindsResponseSchema, { documents: Object.keys(documentSchemas), policies })),
    ),
    unary('GetSchema', GetSchemaRequestSchema, GetSchemaResponseSchema, ({ kind, policy }) => {
      if ((kind === '') === (policy === '')) throw new RpcError(Code.invalidArgument, 'expected kind, or policy');
      const of = policyKinds.get(policy);
      const schema = of === undefined ? kindSchema(kind) : policySchema(of);
      if (schema === undefined)
        throw new RpcError(Code.notFound, kind === '' ? `there is no policy ${policy}` : `there is no kind ${kind}`);
      return Promise.resolve(create(GetSchemaResponseSchema, { schema: schema as JsonObject }));
    }),
    unary('ListOwnApis', ListOwnApisRequestSchema, ListOwnApisResponseSchema, async (request, caller) => {
      const state = await index.current();
      return ownApis(request, state.index, new Rights(caller, state.index), registry);
    }),
    unary('ListRequests', ListRequestsRequestSchema, ListRequestsResponseSchema, async (request, caller) => {
      if (request.api !== '' && request.namespace === '')
        throw new RpcError(Code.invalidArgument, 'namespace is missing: the one of the API');
      const state = await index.current();
      const rights = new Rights(caller, state.index);
      return waitingRequests(request, state.index, rights, { registry, nowMs: clock.now() });
    }),
  ];
}
