import { z } from 'zod';
import type { ClientApplication, Contract } from '../contract/contract.ts';
import type { HeaderEntry } from '../request/header-entry.ts';
import { canonicalHeaderName } from '../request/header-name.ts';
import { upstreamHeader } from './upstream-header.ts';

/** Names of the headers that tell the upstream who calls. */
export const clientHeaderNames = z
  .strictObject({
    clientId: upstreamHeader.default('x-ostiary-client-id'),
    clientName: upstreamHeader.default('x-ostiary-client-name'),
    tier: upstreamHeader.default('x-ostiary-tier'),
  })
  .superRefine((names, context) => {
    // If a header had two values, the upstream could use either.
    const seen = new Map<string, string>();
    for (const [field, header] of Object.entries(names)) {
      const dashed = canonicalHeaderName(header);
      const first = seen.get(dashed);
      if (first === undefined) seen.set(dashed, field);
      else context.addIssue({ code: 'custom', path: [field], message: `is the header of ${first} too` });
    }
  });

export type ClientHeaderNames = z.infer<typeof clientHeaderNames>;

export interface ClientHeaders {
  /** Set as a whole: if the client has no tier, the tier of an earlier policy must not stay. */
  readonly names: readonly string[];
  /** The same array for the same contract. */
  of(client: ClientApplication, contract: Contract): readonly HeaderEntry[];
}

/** For policies that establish the client of a request. */
export function clientHeaders({ clientId, clientName, tier }: ClientHeaderNames): ClientHeaders {
  const made = new WeakMap<Contract, readonly HeaderEntry[]>();
  return {
    names: [clientId, clientName, tier],
    of(client, contract) {
      const known = made.get(contract);
      if (known !== undefined) return known;
      const headers: HeaderEntry[] = [
        [clientId, client.clientId],
        [clientName, client.name],
      ];
      if (contract.tier !== undefined) headers.push([tier, contract.tier.name]);
      made.set(contract, headers);
      return headers;
    },
  };
}
