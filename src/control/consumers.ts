import type { Method } from '../grpc/rpc.ts';
import type { SlotArchive } from '../rollup/question.ts';
import { archiveOf } from '../serve/slot-archive.ts';
import { catalogMethods } from './catalog/service.ts';
import { usageMethods } from './usage/service.ts';
import type { UsagePorts } from './usage/service.ts';

/**
 * What consumers of APIs ask: which there are, what is theirs, and how much of it is used.
 * @param history of requests
 */
export function consumerMethods(ports: Omit<UsagePorts, 'archive'>, history: SlotArchive): readonly Method[] {
  return [...catalogMethods(ports), ...usageMethods({ ...ports, archive: archiveOf(history) })];
}
