import type { JSX } from 'preact';
import type { ContractJson, ContractRequestJson } from '../../../../gen/ostiary/v1/contracts_pb.js';
import { Time } from '../../parts/small.tsx';

interface Step {
  readonly what: string;
  readonly by?: string | undefined;
  readonly at?: string | undefined;
  readonly why?: string | undefined;
}

/** How a contract came to be what it is, the latest first. */
export function History({ of }: { readonly of: ContractJson }): JSX.Element {
  const steps = stepsOf(of);
  return (
    <ol class="history">
      {steps.map(({ at, by, what, why }, place) => (
        <li key={place}>
          <span class="history-what">{what}</span>
          <span class="quiet">
            {by && (
              <>
                by <bdi>{by}</bdi>
                {', '}
              </>
            )}
            <Time at={at} />
          </span>
          {why && (
            <p>
              <bdi>{why}</bdi>
            </p>
          )}
        </li>
      ))}
      {steps.length === 0 && <li class="quiet">Nobody has kept how it came to be: it was written as a document.</li>}
    </ol>
  );
}

const DECIDED: Readonly<Record<string, string>> = {
  approved: 'Approved',
  rejected: 'Rejected',
  revoked: 'Revoked',
  restored: 'Put in force again',
  moved: 'Moved to another tier',
  kept: 'Other tier refused',
};

/** The latest first. */
export function stepsOf({ change, decided, missingApprovals = 0, requested }: ContractJson): readonly Step[] {
  const asked = (what: string, request: ContractRequestJson | undefined): readonly Step[] => {
    if (request === undefined) return [];
    const given = request.approvals ?? [];
    // The only one is the decision itself.
    const isAll = given.length === 1 && decided !== undefined && given[0]?.at === decided.at;
    const approvals = (isAll ? [] : given).map(({ at, by, comment }) => {
      return { what: 'One approval', by, at, why: comment };
    });
    return [...approvals.toReversed(), { what, by: request.person || request.by, at: request.at, why: request.reason }];
  };
  const waiting =
    missingApprovals > 0
      ? [{ what: missingApprovals === 1 ? 'Waits for an approval' : `Waits for ${missingApprovals} approvals` }]
      : [];
  const decision =
    decided === undefined
      ? []
      : [
          {
            what: DECIDED[decided.what ?? ''] ?? decided.what ?? '',
            by: decided.by === 'tier' ? 'its tier, at once' : decided.person || decided.by,
            at: decided.at,
            why: decided.comment,
          },
        ];
  return [
    ...waiting,
    ...asked(`Tier ${change?.tier ?? ''} asked for`, change?.request),
    ...decision,
    ...asked('Requested', requested),
  ];
}
