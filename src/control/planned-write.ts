import { Code, RpcError } from '../grpc/rpc.ts';
import { Conflict, isSameContent, refuseConflict as refuseConflictOf } from '../registry/conflict.ts';
import type { Ownership, Resource, Write } from '../registry/log.ts';

/** What is to become of one resource. */
interface Planned extends Pick<Write, 'key' | 'document' | 'set'> {
  readonly before: Resource | undefined;
  readonly declared: Resource['declared'];
  readonly expectedRevision: number | undefined;
}

/** Of the request that it is of. */
interface OfRequest extends Ownership {
  readonly isTakenOver?: boolean;
}

/** What the log gets. */
export function writeOf(
  { key, document, declared, set, expectedRevision }: Planned,
  { owner, source, isTakenOver }: OfRequest,
): Write {
  return {
    key,
    document,
    owner,
    set,
    ...(source !== undefined && { source }),
    ...(declared !== undefined && { declared }),
    ...(isTakenOver !== undefined && { isTakenOver }),
    ...(expectedRevision !== undefined && { expectedRevision }),
  };
}

export function effectOf(planned: Planned, request: OfRequest): 'created' | 'changed' | 'unchanged' {
  const { before } = planned;
  if (before === undefined) return 'created';
  return isSameContent(before, writeOf(planned, request)) ? 'unchanged' : 'changed';
}

/** @throws RpcError as the log would, for those who only ask. */
export function refuseConflict(planned: Planned, request: OfRequest): void {
  try {
    refuseConflictOf(writeOf(planned, request), planned.before);
  } catch (error) {
    if (error instanceof Conflict) throw new RpcError(Code.aborted, error.message);
    throw error;
  }
}
