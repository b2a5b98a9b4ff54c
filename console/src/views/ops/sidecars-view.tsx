import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { SidecarJson } from '../../../../gen/ostiary/v1/sidecars_pb.js';
import { Page } from '../../parts/page.tsx';
import { Badge, Given } from '../../parts/small.tsx';
import { Empty, Show } from '../../parts/states.tsx';
import { Table } from '../../parts/table.tsx';
import { here, setQuery } from '../../shell/router.ts';
import { hasRole } from '../../shell/session.ts';
import { whole } from '../analytics/formats.ts';
import { useAnswer, useRounds } from '../analytics/use-answer.ts';
import { Ago } from './ago.tsx';
import { JoinDialog } from './join-dialog.tsx';
import { listSidecars } from './methods.ts';
import { TEXTS } from './texts.ts';
import { behind, countedStates, lengthWords, secondsOf, shownSidecars, stateWords } from './words.ts';

const EVERY_S = 5;
const PAGE = 100;

/** Every sidecar, those with problems first. */
export default function SidecarsView(): JSX.Element {
  const query = here.value.searchParams;
  const [state, search] = [query.get('state') ?? '', query.get('q') ?? ''];
  const found = useAnswer(listSidecars, {}, useRounds(EVERY_S));
  const [isJoining, setJoining] = useState(false);
  const [most, setMost] = useState(PAGE);
  const isAdmin = hasRole(['admin'], 'platform');
  return (
    <Page
      title={TEXTS.sidecars}
      lead={TEXTS.sidecarsLead}
      actions={
        isAdmin && (
          <button type="button" class="main" onClick={() => setJoining(true)}>
            {TEXTS.join}
          </button>
        )
      }
    >
      <Show of={found}>
        {({ revision = '0', sidecars = [] }) => {
          const shown = shownSidecars(sidecars, { state, search });
          return sidecars.length === 0 ? (
            <Empty title={TEXTS.noSidecars}>
              <p>{TEXTS.noSidecarsHelp}</p>
              {isAdmin && (
                <button type="button" class="main" onClick={() => setJoining(true)}>
                  {TEXTS.join}
                </button>
              )}
            </Empty>
          ) : (
            <>
              <Overview sidecars={sidecars} revision={revision} state={state} />
              <form class="ops-filters" role="search" onSubmit={(event) => event.preventDefault()}>
                <input
                  type="search"
                  aria-label={TEXTS.searchSidecars}
                  placeholder={TEXTS.searchSidecars}
                  value={search}
                  onInput={({ currentTarget }) => setQuery({ q: currentTarget.value }, 'replace')}
                />
              </form>
              <SidecarTable
                sidecars={shown.slice(0, most)}
                revision={revision}
                {...(shown.length > most && {
                  more: () => setMost(most + PAGE),
                  count: `${whole(most)} of ${whole(shown.length)}`,
                })}
              />
            </>
          );
        }}
      </Show>
      {isJoining && <JoinDialog onClose={() => setJoining(false)} />}
    </Page>
  );
}

interface OverviewProps {
  readonly sidecars: readonly SidecarJson[];
  readonly revision: string;
  readonly state: string;
}

/** How many are in which state: each filters the list. */
function Overview({ revision, sidecars, state }: OverviewProps): JSX.Element {
  return (
    <div class="ops-overview">
      <ul class="ops-counts" aria-label="By state">
        {countedStates(sidecars).map(([each, count]) => (
          <li key={each}>
            <button
              type="button"
              class={`ops-count ${stateWords(each).tone}`}
              aria-pressed={state === each}
              title={stateWords(each).help}
              onClick={() => setQuery({ state: state === each ? '' : each })}
            >
              <strong>{whole(count)}</strong> {stateWords(each).text}
            </button>
          </li>
        ))}
      </ul>
      <p class="quiet">The latest revision is {whole(Number(revision))}.</p>
    </div>
  );
}

interface SidecarTableProps {
  readonly sidecars: readonly SidecarJson[];
  readonly revision: string;
  readonly more?: () => void;
  readonly count?: string;
}

function SidecarTable({ count, more, revision: head, sidecars }: SidecarTableProps): JSX.Element {
  return (
    <Table<SidecarJson>
      caption={TEXTS.sidecars}
      rows={sidecars}
      keyOf={({ node = '' }) => node}
      hrefOf={({ node = '' }) => `/sidecars/${encodeURIComponent(node)}`}
      columns={[
        { id: 'node', title: 'Name', cell: ({ node }) => <Given text={node} /> },
        {
          id: 'state',
          title: 'State',
          cell: ({ state }) => <Badge tone={stateWords(state).tone}>{stateWords(state).text}</Badge>,
        },
        { id: 'version', title: 'Version', isMinor: true, cell: ({ version }) => <Given text={version} /> },
        {
          id: 'revision',
          title: 'Revision',
          isNumber: true,
          cell: ({ revision }) => {
            const missing = behind(head, revision);
            return (
              <>
                {missing > 0 && <span class="ops-late">{whole(missing)} behind </span>}
                {whole(Number(revision ?? 0))}
              </>
            );
          },
        },
        {
          id: 'lag',
          title: 'Lag',
          isNumber: true,
          cell: ({ lag }) => {
            const seconds = secondsOf(lag);
            return seconds === undefined ? (
              <span class="quiet">none</span>
            ) : (
              <span class="ops-late">{lengthWords(seconds)}</span>
            );
          },
        },
        { id: 'contact', title: 'Last contact', isNumber: true, cell: ({ lastContact }) => <Ago at={lastContact} /> },
        {
          id: 'faults',
          title: 'Faults',
          isNumber: true,
          cell: ({ faults = [] }) =>
            faults.length === 0 ? <span class="quiet">0</span> : <Badge tone="bad">{whole(faults.length)}</Badge>,
        },
      ]}
      empty={
        <Empty title={TEXTS.noneFound} icon="search">
          <p>{TEXTS.noneFoundHelp}</p>
          <a class="button" href="/sidecars">
            {TEXTS.showAll}
          </a>
        </Empty>
      }
      {...(more !== undefined && { more })}
      {...(count !== undefined && { count })}
    />
  );
}
