import type { JSX } from 'preact';
import { listContracts } from '../../api/consumers.ts';
import { usePages } from '../../api/use-pages.ts';
import { Page, Tabs } from '../../parts/page.tsx';
import { Empty, Failed, Loading } from '../../parts/states.tsx';
import { here } from '../../shell/router.ts';
import { ContractsTable } from './contracts-table.tsx';
import { TEXTS } from './texts.ts';

const NUMBER = new Intl.NumberFormat();

/** What somebody's applications may call, or have asked for. */
export default function ContractsView(): JSX.Element {
  const isWaiting = here.value.searchParams.has('waiting');
  const { error, more, pages, reload } = usePages(listContracts, { waiting: isWaiting });
  const [first] = pages;
  const rows = pages.flatMap(({ contracts = [] }) => contracts);
  return (
    <Page title={TEXTS.contracts} lead={TEXTS.contractsLead}>
      <Tabs
        current={isWaiting ? 'waiting' : 'all'}
        tabs={[
          { id: 'all', text: 'All', href: '/contracts' },
          { id: 'waiting', text: 'Waiting', href: '/contracts?waiting=1' },
        ]}
      />
      {error && <Failed error={error} retry={reload} isBeside={first !== undefined} />}
      {first === undefined ? (
        error === undefined && <Loading />
      ) : (
        <ContractsTable
          rows={rows}
          more={more}
          count={`${NUMBER.format(rows.length)} of ${NUMBER.format(first.total ?? 0)}`}
          empty={
            isWaiting ? (
              <Empty title="Nothing waits" icon="check">
                All requests of your applications are decided.
              </Empty>
            ) : (
              <Empty title={TEXTS.noContracts}>
                <p>{TEXTS.noContractsHelp}</p>
                <a class="button main" href="/catalog">
                  {TEXTS.toCatalog}
                </a>
              </Empty>
            )
          }
        />
      )}
    </Page>
  );
}
