import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { ListOwnApisRequestJson, OwnApiJson } from '../../../../gen/ostiary/v1/authoring_pb.js';
import { useCall } from '../../api/use-call.ts';
import { Page } from '../../parts/page.tsx';
import { Badge, Given } from '../../parts/small.tsx';
import { Empty, Show } from '../../parts/states.tsx';
import { Table } from '../../parts/table.tsx';
import { here, setQuery } from '../../shell/router.ts';
import { isOwner } from '../../shell/navigation.ts';
import { apiAddress, qualified } from './addresses.ts';
import { LifecycleBadge } from './lifecycle-badge.tsx';
import { listOwnApis, OF_OWN } from './own-methods.ts';
import { TEXTS } from './texts.ts';
import { count, percent, Spark, trafficByApi, useTraffic } from './traffic.tsx';

const PAGE = 50;
const TYPING_MS = 200;

export default function OwnApisView(): JSX.Element {
  const query = here.value.searchParams;
  const [pageSize, setPageSize] = useState(PAGE);
  const request: ListOwnApisRequestJson = {
    team: query.get('team') ?? '',
    search: query.get('q') ?? '',
    lifecycle: query.get('lifecycle') ?? '',
    waiting: query.get('waiting') === 'yes',
    pageSize,
  };
  const own = useCall(listOwnApis, request, OF_OWN);
  const apis = own.data?.apis ?? [];
  const traffic = useTraffic(apis.map(({ namespace, name }) => qualified(namespace, name)));
  const byApi = traffic.data === undefined ? undefined : trafficByApi(traffic.data);
  const isFiltered = [...query.keys()].length > 0;
  const ofRow = ({ namespace, name }: OwnApiJson) => byApi?.get(qualified(namespace, name));
  return (
    <Page
      title={TEXTS.myApis}
      lead={TEXTS.myApisLead}
      actions={
        isOwner() && (
          <a class="button main" href="/apis/new">
            {TEXTS.create}
          </a>
        )
      }
    >
      <Filters teams={(own.data?.teams ?? []).map(({ name }) => name ?? '')} />
      <Show of={own} lines={8}>
        {({ nextPageToken = '', total = 0, waiting = 0 }) => (
          <>
            {waiting > 0 && (
              <p class="own-waiting">
                <a href="/requests">
                  {waiting === 1 ? '1 request waits' : `${count(waiting)} requests wait`} for a decision
                </a>
              </p>
            )}
            <Table<OwnApiJson>
              caption={TEXTS.myApis}
              rows={apis}
              keyOf={({ namespace, name }) => `${namespace}/${name}`}
              hrefOf={({ namespace, name }) => apiAddress(namespace, name)}
              columns={[
                {
                  id: 'name',
                  title: TEXTS.api,
                  cell: ({ displayName, name, version }) => (
                    <>
                      <Given text={displayName || name} /> {version && <span class="quiet own-version">{version}</span>}
                    </>
                  ),
                },
                {
                  id: 'lifecycle',
                  title: TEXTS.lifecycle,
                  cell: (row) => <LifecycleBadge lifecycle={row.lifecycle} />,
                },
                {
                  id: 'place',
                  title: TEXTS.place,
                  isMinor: true,
                  cell: ({ basePath, hosts = [] }) => (
                    <span class="own-place">
                      {hosts[0] !== undefined && <Given text={hosts[0]} />}
                      {hosts.length > 1 && <span class="quiet"> +{hosts.length - 1} </span>}
                      <Given text={basePath} />
                    </span>
                  ),
                },
                { id: 'team', title: TEXTS.team, isMinor: true, cell: ({ team }) => <Given text={team} /> },
                {
                  id: 'requests',
                  title: TEXTS.requestsADay,
                  isNumber: true,
                  cell: (row) => {
                    const found = ofRow(row);
                    return byApi === undefined ? (
                      <span class="quiet">–</span>
                    ) : (
                      <span class="own-traffic">
                        {found !== undefined && <Spark hours={found.hours} />}
                        {count(found?.count)}
                      </span>
                    );
                  },
                },
                {
                  id: 'errors',
                  title: TEXTS.errors,
                  isNumber: true,
                  cell: (row) => {
                    const { count: all = 0, errors = 0 } = ofRow(row) ?? {};
                    return <span class={errors > 0 ? 'own-bad' : 'quiet'}>{percent(errors, all)}</span>;
                  },
                },
                { id: 'contracts', title: TEXTS.contracts, isNumber: true, cell: (row) => count(row.contracts) },
                {
                  id: 'waiting',
                  title: TEXTS.waiting,
                  isNumber: true,
                  cell: ({ waiting: waits = 0 }) =>
                    waits > 0 ? <Badge tone="warning">{count(waits)}</Badge> : <span class="quiet">0</span>,
                },
              ]}
              empty={isFiltered ? <NoneFound /> : <None />}
              count={total > apis.length ? `${count(apis.length)} of ${count(total)}` : ''}
              more={nextPageToken === '' || pageSize >= 100 ? undefined : () => setPageSize(100)}
            />
            {nextPageToken !== '' && pageSize >= 100 && (
              <p class="quiet">The first {count(apis.length)} are shown: search to find the others.</p>
            )}
          </>
        )}
      </Show>
    </Page>
  );
}

function Filters({ teams }: { readonly teams: readonly string[] }): JSX.Element {
  const query = here.value.searchParams;
  const [text, setText] = useState(query.get('q') ?? '');
  useEffect(() => {
    const timer = setTimeout(() => setQuery({ q: text }, 'replace'), TYPING_MS);
    return () => clearTimeout(timer);
  }, [text]);
  return (
    <form class="own-filters" role="search" onSubmit={(event) => event.preventDefault()}>
      <input
        type="search"
        aria-label={TEXTS.searchApis}
        placeholder={TEXTS.searchApis}
        value={text}
        onInput={({ currentTarget }) => setText(currentTarget.value)}
      />
      {teams.length > 1 && (
        <select
          aria-label={TEXTS.team}
          value={query.get('team') ?? ''}
          onChange={({ currentTarget }) => setQuery({ team: currentTarget.value })}
        >
          <option value="">{TEXTS.allTeams}</option>
          {teams.map((team) => (
            <option key={team} value={team}>
              {team}
            </option>
          ))}
        </select>
      )}
      <select
        aria-label={TEXTS.lifecycle}
        value={query.get('lifecycle') ?? ''}
        onChange={({ currentTarget }) => setQuery({ lifecycle: currentTarget.value })}
      >
        <option value="">{TEXTS.anyLifecycle}</option>
        {Object.entries(TEXTS.lifecycles).map(([value, words]) => (
          <option key={value} value={value}>
            {words}
          </option>
        ))}
      </select>
      <label class="own-tick">
        <input
          type="checkbox"
          checked={query.get('waiting') === 'yes'}
          onChange={({ currentTarget }) => setQuery({ waiting: currentTarget.checked ? 'yes' : '' })}
        />
        {TEXTS.onlyWaiting}
      </label>
    </form>
  );
}

function None(): JSX.Element {
  return (
    <Empty title={TEXTS.noApis}>
      <p>{TEXTS.noApisHelp}</p>
      {isOwner() && (
        <a class="button main" href="/apis/new">
          {TEXTS.create}
        </a>
      )}
    </Empty>
  );
}

function NoneFound(): JSX.Element {
  return (
    <Empty title={TEXTS.noneFound} icon="search">
      <p>{TEXTS.noneFoundHelp}</p>
      <a class="button" href="/apis">
        {TEXTS.clearFilters}
      </a>
    </Empty>
  );
}
