import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { useCall } from '../../api/use-call.ts';
import { Given, Time } from '../../parts/small.tsx';
import { Empty, Failed, Loading } from '../../parts/states.tsx';
import { hasRole } from '../../shell/session.ts';
import type { TabProps } from './api-view.tsx';
import { Differences } from './differences.tsx';
import { listChanges } from './own-methods.ts';

const PAGE = 50;

/** Every change of an API: who, when, why, and what. */
export default function HistoryTab({ resource }: TabProps): JSX.Element {
  const { kind = '', name = '', namespace = '' } = resource;
  const [pageSize, setPageSize] = useState(PAGE);
  const mayRead = hasRole(['admin', 'auditor']);
  const found = useCall(listChanges, mayRead ? { kind, namespace, name, pageSize } : undefined, { follows: ['Api'] });
  if (!mayRead)
    return (
      <Empty title="History is for administrators and auditors" icon="lock">
        <p>
          It was changed last on <Time at={resource.changedAt} />, which made revision {resource.revision}. Ask an
          administrator of the team for who and why.
        </p>
      </Empty>
    );
  if (found.data === undefined)
    return found.error === undefined ? <Loading /> : <Failed error={found.error} retry={found.reload} />;
  const { changes = [], nextPageToken = '' } = found.data;
  if (changes.length === 0) return <Empty title="No change is known" />;
  return (
    <>
      <ol class="own-history">
        {changes.map(({ actor, after, at, before, effect, reason, resource: key, revision }) => (
          <li key={revision}>
            <p>
              <Time at={at} /> <Given text={actor} /> <span class="quiet">revision {revision}</span>
            </p>
            {reason && (
              <p class="own-reason">
                <Given text={reason} />
              </p>
            )}
            <details>
              <summary>What changed</summary>
              <Differences
                differences={[
                  {
                    ...(key && { resource: key }),
                    ...(effect && { effect }),
                    ...(before && { before }),
                    ...(after && { after }),
                  },
                ]}
              />
            </details>
          </li>
        ))}
      </ol>
      {nextPageToken !== '' && (
        <button type="button" onClick={() => setPageSize(pageSize + PAGE)}>
          More
        </button>
      )}
    </>
  );
}
