import { create } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { ContractSchema, ContractState } from '../../gen/ostiary/v1/contracts_pb.js';
import type { Contract } from '../../gen/ostiary/v1/contracts_pb.js';
import type { ResourceKey } from '../registry/log.ts';
import { statusOf } from './contract-states.ts';
import type { ContractStatus } from './contract-states.ts';
import { valueAt } from './facts.ts';

const STATES: Readonly<Record<ContractStatus, ContractState>> = {
  pending: ContractState.PENDING,
  approved: ContractState.APPROVED,
  rejected: ContractState.REJECTED,
  revoked: ContractState.REVOKED,
};

/** @param api the document of its Api; undefined: there is none */
export function contractMessage(
  { namespace, name }: ResourceKey,
  document: unknown,
  api: unknown,
  revision: number,
): Contract {
  const text = (field: string): string => {
    const value = valueAt(document, ['spec', field]);
    return typeof value === 'string' ? value : '';
  };
  const expiresAt = Date.parse(text('expiresAt'));
  return create(ContractSchema, {
    namespace,
    name,
    clientApplication: text('clientApplication'),
    api: text('api'),
    tier: text('tier'),
    state: STATES[statusOf(document, api)],
    revision: BigInt(revision),
    ...(!Number.isNaN(expiresAt) && { expires: timestampFromMs(expiresAt) }),
  });
}
