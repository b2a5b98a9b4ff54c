import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { ApplicationEntryJson } from '../../../../gen/ostiary/v1/catalog_pb.js';
import { listApplications } from '../../api/consumers.ts';
import { usePages } from '../../api/use-pages.ts';
import { Page } from '../../parts/page.tsx';
import { Badge, Given } from '../../parts/small.tsx';
import { Empty, Failed, Loading } from '../../parts/states.tsx';
import { Table } from '../../parts/table.tsx';
import { here, setQuery } from '../../shell/router.ts';
import { applicationHref } from './addresses.ts';
import { NewApplication } from './new-application.tsx';
import { TEXTS } from './texts.ts';

const NUMBER = new Intl.NumberFormat();

/** The client applications that somebody may ask with. */
export default function ApplicationsView(): JSX.Element {
  const search = here.value.searchParams.get('q') ?? '';
  const { error, more, pages, reload } = usePages(listApplications, { search });
  const [isMaking, setMaking] = useState(false);
  const [first] = pages;
  const rows = pages.flatMap(({ applications = [] }) => applications);
  const mayMake = (first?.namespaces ?? []).length > 0;
  const make = mayMake && (
    <button type="button" class="main" onClick={() => setMaking(true)}>
      {TEXTS.newApplication}
    </button>
  );
  return (
    <Page title={TEXTS.applications} lead={TEXTS.applicationsLead} actions={rows.length > 0 && make}>
      {(rows.length > 20 || search !== '') && (
        <input
          class="mine-search"
          type="search"
          aria-label="Find an application"
          placeholder="Name, client id or label"
          value={search}
          onInput={({ currentTarget }) => setQuery({ q: currentTarget.value }, 'replace')}
        />
      )}
      {error && <Failed error={error} retry={reload} isBeside={first !== undefined} />}
      {first === undefined ? (
        error === undefined && <Loading />
      ) : (
        <Table<ApplicationEntryJson>
          caption={TEXTS.applications}
          rows={rows}
          keyOf={({ application }) => `${application?.namespace}/${application?.name}`}
          hrefOf={({ application }) => applicationHref(application?.namespace, application?.name)}
          more={more}
          count={`${NUMBER.format(rows.length)} of ${NUMBER.format(first.total ?? 0)}`}
          columns={[
            {
              id: 'name',
              title: 'Name',
              cell: ({ application, displayName }) => <Given text={displayName || application?.name} />,
            },
            {
              id: 'client',
              title: 'Client id',
              cell: ({ application }) => (
                <code>
                  <Given text={application?.clientId} />
                </code>
              ),
              isMinor: true,
            },
            { id: 'team', title: 'Team', cell: ({ team }) => <Given text={team} /> },
            { id: 'secrets', title: 'Secrets', cell: secretsText, isMinor: true },
            { id: 'contracts', title: 'Contracts', cell: contractsText, isNumber: true },
          ]}
          empty={
            <Empty title={TEXTS.noApplications}>
              <p>{mayMake ? TEXTS.noApplicationsHelp : TEXTS.notDeveloper}</p>
              {make}
            </Empty>
          }
        />
      )}
      {isMaking && (
        <NewApplication namespaces={first?.namespaces ?? []} onClose={() => setMaking(false)} onDone={reload} />
      )}
    </Page>
  );
}

function contractsText({ contracts = 0, waiting = 0 }: ApplicationEntryJson): JSX.Element {
  return (
    <>
      {waiting > 0 && <Badge tone="warning">{waiting} waiting</Badge>} {NUMBER.format(contracts)}
    </>
  );
}

function secretsText({ apiKeys = 0, application }: ApplicationEntryJson): JSX.Element {
  const count = application?.secrets?.length ?? 0;
  const keys = apiKeys > 0 ? `, ${apiKeys} ${apiKeys === 1 ? 'API key' : 'API keys'}` : '';
  if (count > 1) return <Badge tone="warning">two, one ends{keys}</Badge>;
  return (
    <span class={count === 0 ? 'quiet' : undefined}>
      {count === 0 ? 'none' : 'one'}
      {keys}
    </span>
  );
}
