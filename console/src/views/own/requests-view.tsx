import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { WaitingRequestJson } from '../../../../gen/ostiary/v1/authoring_pb.js';
import { getResource } from '../../api/methods.ts';
import { useCall } from '../../api/use-call.ts';
import { limitsWords } from '../../forms/limits-words.ts';
import { isRecord } from '../../forms/node.ts';
import { Page } from '../../parts/page.tsx';
import { Badge, Given, Time } from '../../parts/small.tsx';
import { Empty, Show } from '../../parts/states.tsx';
import { here } from '../../shell/router.ts';
import { apiAddress } from './addresses.ts';
import { DecideDialog } from './decide-dialog.tsx';
import { listRequests } from './own-methods.ts';
import { Receipt } from './receipt.tsx';
import { TEXTS } from './texts.ts';
import { count } from './traffic.tsx';
import { ApplicantUsage } from './applicant-usage.tsx';

const PAGE = 20;

/** What waits for a decision of the reader's, with what helps to decide. */
export default function RequestsView(): JSX.Element {
  const [pageSize, setPageSize] = useState(PAGE);
  const query = here.value.searchParams;
  const found = useCall(
    listRequests,
    { namespace: query.get('namespace') ?? '', api: query.get('api') ?? '', pageSize },
    { follows: ['Contract'] },
  );
  const [deciding, setDeciding] = useState<{ readonly request: WaitingRequestJson; readonly isApproval: boolean }>();
  const [done, setDone] = useState<{ readonly words: string; readonly revision: string }>();
  return (
    <Page title={TEXTS.requests} lead={TEXTS.requestsLead}>
      {done !== undefined && (
        <div class="own-done" role="status">
          <strong>
            <bdi>{done.words}</bdi>
          </strong>
          <Receipt key={done.revision} revision={done.revision} />
        </div>
      )}
      <Show of={found}>
        {({ nextPageToken = '', requests = [], total = 0 }) =>
          requests.length === 0 ? (
            <Empty title={TEXTS.noRequests} icon="check">
              <p>{TEXTS.noRequestsHelp}</p>
            </Empty>
          ) : (
            <>
              <ul class="own-requests">
                {requests.map((request) => (
                  <Request
                    key={`${request.contract?.namespace}/${request.contract?.name}`}
                    request={request}
                    decide={(isApproval) => setDeciding({ request, isApproval })}
                  />
                ))}
              </ul>
              {nextPageToken !== '' && pageSize < 100 && (
                <button type="button" onClick={() => setPageSize(Math.min(100, pageSize + PAGE))}>
                  More ({count(requests.length)} of {count(total)})
                </button>
              )}
            </>
          )
        }
      </Show>
      {deciding !== undefined && (
        <DecideDialog
          {...deciding}
          onClose={() => setDeciding(undefined)}
          onDone={(words, revision) => {
            setDeciding(undefined);
            setDone({ words, revision });
            found.reload();
          }}
        />
      )}
    </Page>
  );
}

function Request({
  decide,
  request,
}: {
  readonly request: WaitingRequestJson;
  readonly decide: (isApproval: boolean) => void;
}): JSX.Element {
  const {
    apiDisplayName,
    applicant,
    applicationDisplayName,
    contract = {},
    needsAnother = false,
    otherContracts = 0,
    others = [],
  } = request;
  const {
    api = '',
    change,
    clientApplication = '',
    missingApprovals = 1,
    name,
    namespace = '',
    requested,
    tier = '',
  } = contract;
  const asked = change?.request ?? requested;
  const wanted = change?.tier ?? tier;
  const found = useCall(getResource, { kind: 'Api', namespace, name: api });
  const limits = (of: string): string => {
    const { spec } = (found.data?.resource?.document ?? {}) as { readonly spec?: { readonly tiers?: unknown } };
    const tiers = (Array.isArray(spec?.tiers) ? spec.tiers : []).filter(isRecord);
    const one = tiers.find((each) => each['name'] === of);
    return one === undefined ? '' : limitsWords(one['limits']);
  };
  const approvals = asked?.approvals ?? [];
  return (
    <li>
      <div class="own-request">
        <h2>
          <Given text={applicationDisplayName || clientApplication} /> <span class="quiet">asks for</span>{' '}
          <a href={apiAddress(namespace, api)}>
            <Given text={apiDisplayName || api} />
          </a>
        </h2>
        <p class="own-meta">
          <Time at={asked?.at} />
          {asked?.by && (
            <>
              {' '}
              by <Given text={asked.person || asked.by} />
            </>
          )}
          {applicant && (
            <>
              {' '}
              of team <Given text={applicant} />
            </>
          )}
        </p>
        <p class="own-wanted">
          {change === undefined ? (
            <>
              Tier <strong>{wanted || 'none'}</strong> <span class="quiet">{limits(wanted)}</span>
            </>
          ) : (
            <>
              From <strong>{tier}</strong> <span class="quiet">{limits(tier)}</span> to <strong>{wanted}</strong>{' '}
              <span class="quiet">{limits(wanted)}</span>
            </>
          )}
        </p>
        {asked?.reason && (
          <blockquote>
            <Given text={asked.reason} />
          </blockquote>
        )}
        <ApplicantUsage namespace={namespace} client={clientApplication} />
        {otherContracts > 0 && (
          <details>
            <summary>{otherContracts === 1 ? '1 other contract' : `${count(otherContracts)} other contracts`}</summary>
            <ul class="own-plain-list">
              {others.map((other) => (
                <li key={`${other.namespace}/${other.name}`}>
                  <Given text={other.api} /> <span class="quiet">{other.tier}</span>{' '}
                  <Badge>{stateWord(other.state)}</Badge>
                </li>
              ))}
            </ul>
          </details>
        )}
        {otherContracts === 0 && <p class="quiet">No other contract that you may see.</p>}
        {approvals.map(({ at, by, comment }) => (
          <p key={by} class="own-approval">
            Approved by <Given text={by} /> <Time at={at} /> {comment && <Given text={comment} />}
          </p>
        ))}
        {missingApprovals > 1 && <p class="quiet">{missingApprovals} people have to approve.</p>}
      </div>
      <div class="own-decide">
        <button
          type="button"
          class="main"
          disabled={needsAnother}
          onClick={() => decide(true)}
          aria-label={`Approve ${clientApplication} for ${api}`}
        >
          {TEXTS.approve}
        </button>
        <button type="button" onClick={() => decide(false)} aria-label={`Reject ${clientApplication} for ${api}`}>
          {TEXTS.reject}
        </button>
        {needsAnother && (
          <p class="quiet">Somebody else has to approve: you have asked for it, or approved it already.</p>
        )}
      </div>
      <span class="unseen">{name}</span>
    </li>
  );
}

function stateWord(state: string | undefined): string {
  const word = (state ?? '').replace('CONTRACT_STATE_', '').toLowerCase();
  return word === 'approved' ? 'in force' : word;
}
