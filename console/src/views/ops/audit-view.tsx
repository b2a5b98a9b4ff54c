import type { JSX } from 'preact';
import { useMemo, useState } from 'preact/hooks';
import type { AuditEntryJson } from '../../../../gen/ostiary/v1/audit_pb.js';
import { useCall } from '../../api/use-call.ts';
import { Page } from '../../parts/page.tsx';
import { Badge, Given, Time } from '../../parts/small.tsx';
import { Empty, Show } from '../../parts/states.tsx';
import { here, setQuery } from '../../shell/router.ts';
import { hasRole } from '../../shell/session.ts';
import { whole } from '../analytics/formats.ts';
import { Differences } from '../own/differences.tsx';
import { Facts } from './facts.tsx';
import { auditLine, auditRequest, FILTERS, SINCE } from './audit-query.ts';
import type { Filter } from './audit-query.ts';
import { listEntries } from './methods.ts';
import { AUDIT } from './texts.ts';
import { VerifyDialog } from './verify-dialog.tsx';

const PAGE = 50;
const MOST = 1000;
const MINUTE_MS = 60_000;

/** Who did what, when, from where and why. */
export default function AuditView(): JSX.Element {
  const query = here.value.searchParams;
  const [size, setSize] = useState(PAGE);
  const [isVerifying, setVerifying] = useState(false);
  const startMs = useMemo(() => Math.floor(Date.now() / MINUTE_MS) * MINUTE_MS, [query.get('since')]);
  const found = useCall(listEntries, auditRequest(query, startMs, size), { follows: ['*'] });
  const isFiltered = [...query.keys()].length > 0;
  return (
    <Page
      title={AUDIT.title}
      lead={AUDIT.lead}
      actions={
        hasRole(['admin', 'auditor'], 'platform') && (
          <button type="button" onClick={() => setVerifying(true)}>
            {AUDIT.verify}
          </button>
        )
      }
    >
      <AuditFilters key={query.toString()} />
      <Show of={found}>
        {({ entries = [], nextPageToken = '' }) =>
          entries.length === 0 ? (
            <Empty title={isFiltered ? AUDIT.noneFound : AUDIT.none} icon={isFiltered ? 'search' : 'empty'}>
              {isFiltered && (
                <a class="button" href="/audit">
                  {AUDIT.showAll}
                </a>
              )}
            </Empty>
          ) : (
            <>
              <ol class="ops-audit">
                {entries.map((entry) => (
                  <Entry key={auditLine(entry).key} of={entry} />
                ))}
              </ol>
              {nextPageToken !== '' && size < MOST && (
                <button type="button" onClick={() => setSize(Math.min(MOST, size + PAGE))}>
                  Earlier ones
                </button>
              )}
              {nextPageToken !== '' && size >= MOST && <p class="quiet">{AUDIT.narrow}</p>}
            </>
          )
        }
      </Show>
      {isVerifying && <VerifyDialog onClose={() => setVerifying(false)} />}
    </Page>
  );
}

function AuditFilters(): JSX.Element {
  const query = here.value.searchParams;
  const field = (name: Filter): JSX.Element => (
    <label key={name}>
      <span>{AUDIT.filters[name]}</span>
      <input
        name={name}
        defaultValue={query.get(name) ?? ''}
        placeholder={AUDIT.examples[name]}
        autocomplete="off"
        onChange={({ currentTarget }) => setQuery({ [name]: currentTarget.value.trim() })}
      />
    </label>
  );
  const few = FILTERS.filter((name) => !AUDIT.minor.includes(name));
  return (
    <form class="ops-audit-filters" role="search" aria-label="Filter" onSubmit={(event) => event.preventDefault()}>
      {few.map((name) => field(name))}
      <label>
        <span>When</span>
        <select
          value={query.get('since') ?? ''}
          onChange={({ currentTarget }) => setQuery({ since: currentTarget.value })}
        >
          <option value="">at any time</option>
          {Object.entries(SINCE).map(([id, [text]]) => (
            <option key={id} value={id}>
              {text}
            </option>
          ))}
        </select>
      </label>
      <details open={AUDIT.minor.some((name) => query.has(name))}>
        <summary>More filters</summary>
        <div class="ops-audit-filters">
          {FILTERS.filter((name) => AUDIT.minor.includes(name)).map((name) => field(name))}
        </div>
      </details>
    </form>
  );
}

function Entry({ of }: { readonly of: AuditEntryJson }): JSX.Element {
  const { about, action, actor, address, at, count, credential, outcome, reason } = auditLine(of);
  const { change, event } = of;
  return (
    <li>
      <h2 class="ops-audit-head">
        <span>
          <strong>
            <Given text={actor === '' ? 'somebody not known' : actor} />
          </strong>{' '}
          {action.replaceAll('_', ' ')} <Given text={about} />{' '}
          {outcome !== 'done' && outcome !== '' && (
            <Badge tone={outcome === 'denied' ? 'warning' : 'bad'}>{outcome}</Badge>
          )}
          {count > 1 && <span class="quiet"> {whole(count)} times</span>}
        </span>
        <Time at={at} />
      </h2>
      {reason !== '' && (
        <p class="ops-audit-reason">
          <Given text={reason} />
        </p>
      )}
      <details>
        <summary>
          {change === undefined ? 'Details' : 'What changed'}
          <span class="unseen"> in {about}</span>
        </summary>
        <Facts
          of={[
            ['From', <Given text={address} />],
            ['Shown by', <Given text={credential} />],
            [change === undefined ? 'Event' : 'Revision', whole(Number(change?.revision ?? event?.sequence ?? 0))],
            ...Object.entries(event?.detail ?? {}).map(([name, value]) => [name, <Given text={value} />] as const),
            ...(event !== undefined && count > 1 ? [['Until', <Time at={event.until} />] as const] : []),
          ]}
        />
        {change !== undefined && (
          <Differences
            differences={[
              {
                ...(change.resource && { resource: change.resource }),
                ...(change.effect && { effect: change.effect }),
                ...(change.before && { before: change.before }),
                ...(change.after && { after: change.after }),
              },
            ]}
          />
        )}
      </details>
    </li>
  );
}
