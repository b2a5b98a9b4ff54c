import { create } from '@bufbuild/protobuf';
import type { MessageInitShape } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import type { Timestamp } from '@bufbuild/protobuf/wkt';
import { ContractSchema, ContractState } from '../../gen/ostiary/v1/contracts_pb.js';
import type { Contract, ContractRequestSchema } from '../../gen/ostiary/v1/contracts_pb.js';
import type { ResourceKey } from '../registry/log.ts';
import { missingApprovals } from './contract-approvers.ts';
import { recordOf } from './contract-record.ts';
import type { ContractRequest } from './contract-record.ts';
import { stateOf, statusOf, tierNamed, tierOf } from './contract-states.ts';
import type { ContractStatus } from './contract-states.ts';
import { termsOf } from './contract-terms.ts';
import { valueAt } from './facts.ts';

const STATES: Readonly<Record<ContractStatus, ContractState>> = {
  pending: ContractState.PENDING,
  approved: ContractState.APPROVED,
  rejected: ContractState.REJECTED,
  revoked: ContractState.REVOKED,
};

/**
 * @param api the document of its Api; undefined: there is none
 * @param nowMs milliseconds since the Unix epoch
 */
export function contractMessage(
  { namespace, name }: ResourceKey,
  document: unknown,
  api: unknown,
  revision: number,
  nowMs: number,
): Contract {
  const text = (field: string): string => {
    const value = valueAt(document, ['spec', field]);
    return typeof value === 'string' ? value : '';
  };
  const expiresAt = Date.parse(text('expiresAt'));
  const status = statusOf(document, api);
  const { requested, change, decided } = recordOf(document);
  return create(ContractSchema, {
    namespace,
    name,
    clientApplication: text('clientApplication'),
    api: text('api'),
    tier: text('tier'),
    state: STATES[status],
    revision: BigInt(revision),
    acceptedTerms: text('acceptedTerms'),
    currentTerms: termsOf(api)?.version ?? '',
    expired: status === 'approved' && expiresAt <= nowMs,
    missingApprovals: missingOf(document, api),
    ...(!Number.isNaN(expiresAt) && { expires: timestampFromMs(expiresAt) }),
    ...(requested && { requested: requestMessage(requested) }),
    ...(change && {
      change: { tier: change.tier, acceptedTerms: change.acceptedTerms ?? '', request: requestMessage(change) },
    }),
    ...(decided && {
      decided: {
        what: decided.what,
        by: decided.by,
        person: decided.person ?? '',
        comment: decided.comment ?? '',
        at: momentOf(decided.at),
      },
    }),
  });
}

function missingOf(document: unknown, api: unknown): number {
  const { requested, change } = recordOf(document);
  switch (stateOf(document, api)) {
    case 'pending':
      return missingApprovals(requested, tierNamed(api, tierOf(document))?.approvers);
    case 'moving':
      return missingApprovals(change, tierNamed(api, change?.tier)?.approvers);
    default:
      return 0;
  }
}

function requestMessage(request: ContractRequest): MessageInitShape<typeof ContractRequestSchema> {
  const { by, person = '', at, reason = '', approvals = [] } = request;
  return {
    by,
    person,
    at: momentOf(at),
    reason,
    approvals: approvals.map((each) => {
      return { by: each.by, person: each.person ?? '', at: momentOf(each.at), comment: each.comment ?? '' };
    }),
  };
}

function momentOf(at: string): Timestamp {
  return timestampFromMs(Date.parse(at));
}
