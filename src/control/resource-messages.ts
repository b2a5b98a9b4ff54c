import { create } from '@bufbuild/protobuf';
import type { JsonObject } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import {
  ApplyResultSchema,
  DocumentFaultSchema,
  Effect,
  ResourceKeySchema,
  ResourceSchema,
} from '../../gen/ostiary/v1/resources_pb.js';
import type { ApplyResult, DocumentFault, Resource as ResourceMessage } from '../../gen/ostiary/v1/resources_pb.js';
import { Code, RpcError } from '../grpc/rpc.ts';
import { DEFAULT_NAMESPACE } from '../document/names.ts';
import { isRecord } from '../document/load.ts';
import { keyText } from '../registry/conflict.ts';
import type { Resource, ResourceKey } from '../registry/log.ts';
import type { Applied, EffectName, Plan } from './changing.ts';
import type { PlacedFault } from './naming.ts';
import type { View } from './views.ts';
import { shownDocument } from './secret-vault.ts';

export const EFFECTS: Readonly<Record<EffectName, Effect>> = {
  created: Effect.CREATED,
  changed: Effect.CHANGED,
  unchanged: Effect.UNCHANGED,
  deleted: Effect.DELETED,
};

/** @throws RpcError where kind or name is missing */
export function keyFromMessage(key: ResourceKey | undefined): ResourceKey {
  const { kind = '', namespace = '', name = '' } = key ?? {};
  if (kind === '' || name === '') {
    throw new RpcError(Code.invalidArgument, `${kind === '' ? 'kind' : 'name'} is missing: expected kind and name`);
  }
  return { kind, namespace: namespaceOr(namespace), name };
}

/** Empty is the default namespace. */
export function namespaceOr(given: string): string {
  return given === '' ? DEFAULT_NAMESPACE : given;
}

/**
 * @param view what is told of its document; undefined: nothing
 * @param select a part of that
 */
export function resourceMessage(
  resource: Omit<Resource, 'document'>,
  view: View | undefined,
  select: (document: JsonObject) => JsonObject | undefined = (document) => document,
): ResourceMessage {
  const document = view && select(view.document);
  // From the catalog, one does not see how its team keeps it.
  const isCatalog = view?.sight === 'catalog';
  const { kind, namespace, name, revision, createdRevision, at, owner, source = '', set, declared = {} } = resource;
  return create(ResourceSchema, {
    kind,
    namespace,
    name,
    revision: BigInt(revision),
    createdRevision: BigInt(createdRevision),
    changedAt: timestampFromMs(at),
    owner,
    source: isCatalog ? '' : source,
    set: isCatalog ? '' : set,
    decided: Object.keys(declared).toSorted(),
    view: view?.sight ?? '',
    ...(document !== undefined && { document }),
  });
}

/** A document as protobuf's Struct holds it, and as anybody may see it. */
export function structOf(document: unknown): JsonObject | undefined {
  return isRecord(document) ? (shownDocument(document) as JsonObject) : undefined;
}

export function keyMessage({ kind, namespace, name }: ResourceKey) {
  return create(ResourceKeySchema, { kind, namespace, name });
}

/** @param revisions absent: nothing was written */
export function resultMessages({ changes }: Plan, revisions?: Applied['revisions']): ApplyResult[] {
  return changes.map(({ key, effect, before, place }) => {
    const revision = effect === 'unchanged' ? before?.revision : revisions?.get(keyText(key));
    return create(ApplyResultSchema, {
      resource: keyMessage(key),
      effect: EFFECTS[effect],
      revision: BigInt(revision ?? 0),
      ...(place !== undefined && { document: place }),
    });
  });
}

/** @param files what the request calls its documents, by their place; may be empty */
export function faultMessages(faults: readonly PlacedFault[], files: readonly string[]): DocumentFault[] {
  return faults.map(({ place, file, field, message, severity = '' }) => {
    const named = place === undefined ? file : files[place] || `document ${place + 1}`;
    return create(DocumentFaultSchema, {
      file: named,
      field,
      message,
      severity,
      ...(place !== undefined && { document: place }),
    });
  });
}
