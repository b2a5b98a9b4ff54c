import type { JSX } from 'preact';
import type { ResourceJson } from '../../../../gen/ostiary/v1/resources_pb.js';
import { Badge } from '../../parts/small.tsx';
import type { Tone } from '../../parts/small.tsx';

const TONES: Readonly<Record<string, Tone>> = { approved: 'good', pending: 'warning', revoked: 'bad', rejected: 'bad' };
export const WORDS: Readonly<Record<string, string>> = {
  approved: 'In force',
  pending: 'Waits',
  revoked: 'Revoked',
  rejected: 'Rejected',
  expired: 'Expired',
};

export interface ContractSpec {
  readonly clientApplication?: string;
  readonly api?: string;
  readonly tier?: string;
  readonly status?: string;
  readonly expiresAt?: string;
  readonly record?: {
    readonly change?: { readonly tier?: string };
    readonly requested?: { readonly at?: string; readonly by?: string };
  };
}

export function specOf({ document }: ResourceJson): ContractSpec {
  return ((document ?? {}) as { readonly spec?: ContractSpec }).spec ?? {};
}

export function State({ spec: { expiresAt, status = 'pending' } }: { readonly spec: ContractSpec }): JSX.Element {
  const isOver = status === 'approved' && expiresAt !== undefined && Date.parse(expiresAt) <= Date.now();
  const word = isOver ? 'expired' : status;
  return <Badge tone={isOver ? 'bad' : (TONES[status] ?? 'plain')}>{WORDS[word] ?? word}</Badge>;
}
