import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { ResourceJson } from '../../../../gen/ostiary/v1/resources_pb.js';
import { listResources } from '../../api/methods.ts';
import { useCall } from '../../api/use-call.ts';
import { isRecord } from '../../forms/node.ts';
import { limitsWords } from '../../forms/limits-words.ts';
import { Given, Time } from '../../parts/small.tsx';
import { Empty, Show } from '../../parts/states.tsx';
import { Table } from '../../parts/table.tsx';
import { hasRole } from '../../shell/session.ts';
import { here, setQuery } from '../../shell/router.ts';
import type { TabProps } from './api-view.tsx';
import { ContractDialog } from './contract-dialog.tsx';
import { specOf, State, WORDS } from './contract-state.tsx';
import { count } from './traffic.tsx';

const STATES = ['approved', 'pending', 'revoked', 'rejected'] as const;
const PAGE = 50;

/** Who may call an API, and how long. */
export default function ContractsTab({ resource }: TabProps): JSX.Element {
  const { name = '', namespace = '' } = resource;
  const query = here.value.searchParams;
  const state = query.get('state') ?? '';
  const tier = query.get('tier') ?? '';
  const [pageSize, setPageSize] = useState(PAGE);
  const [opened, setOpened] = useState<string>();
  const mayDecide = hasRole(['owner', 'admin']);
  const where = {
    'spec.api': name,
    ...(state !== '' && { 'spec.status': state }),
    ...(tier !== '' && { 'spec.tier': tier }),
  };
  const found = useCall(listResources, {
    kinds: ['Contract'],
    namespaces: [namespace],
    where,
    search: query.get('q') ?? '',
    pageSize,
  });
  const { spec } = (resource.document ?? {}) as { readonly spec?: { readonly tiers?: unknown } };
  const tiers = (Array.isArray(spec?.tiers) ? spec.tiers : []).filter(isRecord);
  const chosen = found.data?.resources?.find((each) => each.name === opened);
  return (
    <>
      <form class="own-filters" onSubmit={(event) => event.preventDefault()}>
        <input
          type="search"
          aria-label="Search contracts by name"
          placeholder="Search by name"
          value={query.get('q') ?? ''}
          onInput={({ currentTarget }) => setQuery({ q: currentTarget.value }, 'replace')}
        />
        <select
          aria-label="State"
          value={state}
          onChange={({ currentTarget }) => setQuery({ state: currentTarget.value })}
        >
          <option value="">Any state</option>
          {STATES.map((each) => (
            <option key={each} value={each}>
              {WORDS[each]}
            </option>
          ))}
        </select>
        <select
          aria-label="Tier"
          value={tier}
          onChange={({ currentTarget }) => setQuery({ tier: currentTarget.value })}
        >
          <option value="">Any tier</option>
          {tiers.map((each) => (
            <option key={String(each['name'])} value={String(each['name'])}>
              {String(each['name'])}
            </option>
          ))}
        </select>
      </form>
      <Show of={found}>
        {({ resources = [], total = 0 }) => (
          <Table<ResourceJson>
            caption="Contracts"
            rows={resources}
            keyOf={(each) => each.name ?? ''}
            columns={[
              {
                id: 'client',
                title: 'Application',
                cell: (each) => (
                  <button type="button" class="own-link" onClick={() => setOpened(each.name)}>
                    <Given text={specOf(each).clientApplication} />
                  </button>
                ),
              },
              { id: 'state', title: 'State', cell: (each) => <State spec={specOf(each)} /> },
              {
                id: 'tier',
                title: 'Tier',
                cell: (each) => {
                  const { record, tier: of = '' } = specOf(each);
                  const limits = tiers.find((other) => other['name'] === of)?.['limits'];
                  return (
                    <span>
                      <Given text={of} /> <span class="quiet">{limits === undefined ? '' : limitsWords(limits)}</span>
                      {record?.change && <span class="own-bad"> asks for {record.change.tier}</span>}
                    </span>
                  );
                },
              },
              {
                id: 'ends',
                title: 'Ends',
                isMinor: true,
                cell: (each) => {
                  const { expiresAt } = specOf(each);
                  return expiresAt === undefined ? <span class="quiet">never</span> : <Time at={expiresAt} />;
                },
              },
              { id: 'changed', title: 'Changed', isMinor: true, cell: (each) => <Time at={each.changedAt} /> },
            ]}
            empty={
              <Empty title={state === '' && tier === '' ? 'Nobody has a contract yet' : 'No contract is like this'}>
                <p>Applications that ask for one appear under Requests.</p>
              </Empty>
            }
            count={total > resources.length ? `${count(resources.length)} of ${count(total)}` : ''}
            more={total > resources.length && pageSize < 500 ? () => setPageSize(pageSize + PAGE) : undefined}
          />
        )}
      </Show>
      {chosen !== undefined && (
        <ContractDialog contract={chosen} tiers={tiers} mayDecide={mayDecide} onClose={() => setOpened(undefined)} />
      )}
    </>
  );
}
