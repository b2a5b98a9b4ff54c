import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { SampleJson } from '../../../../gen/ostiary/v1/analytics_pb.js';
import { Page } from '../../parts/page.tsx';
import { Empty, Failed, Loading } from '../../parts/states.tsx';
import { Table } from '../../parts/table.tsx';
import { here } from '../../shell/router.ts';
import { csv } from '../../../../src/csv.ts';
import { save } from '../../parts/save.ts';
import { FilterBar } from './filter-bar.tsx';
import { addressWith, conditionsOf, filtersOf } from './filters.ts';
import { duration, spanText } from './formats.ts';
import { listSamples } from './methods.ts';
import { Outcome } from './outcome.tsx';
import { RangeBar } from './range-bar.tsx';
import { DAY_S, lengthOf, rangeOf, timeOf } from './ranges.ts';
import { Explained } from './sample.tsx';
import { secondsOf } from './series.ts';
import { TEXTS, valueText } from './texts.ts';
import { useAnswer } from './use-answer.ts';

const FIRST = 50;
const MORE = 100;
const MOST = 1000;
const TIME = new Intl.DateTimeFormat(undefined, { dateStyle: 'short', timeStyle: 'medium' });

/** Single requests of a time: each opens what was decided, and why. */
export default function SamplesView(): JSX.Element {
  const address = here.value;
  const id = address.searchParams.get('id') ?? '';
  const range = rangeOf(address.searchParams);
  const filters = filtersOf(address.searchParams);
  const [limit, setLimit] = useState(FIRST);
  const isOne = id !== '';
  const found = useAnswer(listSamples, { time: timeOf(range), where: conditionsOf(filters), limit });
  const one = useAnswer(listSamples, isOne ? { time: { last: `${DAY_S}s` }, id, limit: 1 } : undefined);
  const samples = found.data?.samples ?? [];
  const opened = one.data?.samples?.[0] ?? samples.find((each) => each.id === id);
  const closed = addressWith(address, filters, { id: undefined });
  const isPast = range.kind === 'between' && range.untilMs < Date.now() - DAY_S * 1000;
  const charts = addressWith(new URL('/analytics', address), filters);
  const time =
    range.kind === 'between'
      ? spanText(range.fromMs / 1000, lengthOf(range))
      : `the last ${TEXTS.lasts[range.id] ?? range.id}`;
  return (
    <Page
      title={TEXTS.samples}
      above={[{ text: TEXTS.title, href: charts }]}
      lead={TEXTS.samplesLead(time)}
      actions={
        samples.length > 0 && (
          <button type="button" onClick={() => save('requests.csv', 'text/csv', csvOf(samples))}>
            {TEXTS.csv}
          </button>
        )
      }
    >
      <div class="analytics-controls">
        <RangeBar range={range} />
      </div>
      <FilterBar filters={filters} range={range} />
      {isOne && opened !== undefined && <Explained sample={opened} closed={closed} />}
      {isOne && opened === undefined && one.data !== undefined && <p class="analytics-gaps">{TEXTS.notThere}</p>}
      {found.data === undefined ? (
        found.error === undefined ? (
          <Loading />
        ) : (
          <Failed error={found.error} retry={found.reload} />
        )
      ) : (
        <Table<SampleJson>
          caption={TEXTS.samples}
          columns={[
            { id: 'when', title: TEXTS.when, cell: ({ received }) => momentOf(received) },
            {
              id: 'request',
              title: TEXTS.request,
              cell: ({ method = '', route = '' }) => (
                <bdi class="given">
                  {method} {route}
                </bdi>
              ),
            },
            {
              id: 'status',
              title: 'Status',
              isNumber: true,
              cell: ({ status = 0 }) => valueText('status', `${status}`),
            },
            { id: 'outcome', title: TEXTS.outcome, cell: (sample) => <Outcome of={sample} /> },
            { id: 'api', title: TEXTS.api, isMinor: true, cell: ({ api }) => <bdi class="given">{api}</bdi> },
            {
              id: 'client',
              title: TEXTS.client,
              isMinor: true,
              cell: ({ client = '' }) => <bdi class="given">{valueText('client', client)}</bdi>,
            },
            {
              id: 'took',
              title: TEXTS.took,
              isNumber: true,
              isMinor: true,
              cell: ({ durationMs }) => duration(durationMs === undefined ? undefined : Number(durationMs)),
            },
          ]}
          rows={samples}
          keyOf={(sample) => `${sample.id} ${sample.received}`}
          hrefOf={(sample) => addressWith(address, filters, { id: sample.id })}
          empty={<Empty title={TEXTS.emptyTitle}>{isPast ? TEXTS.samplesOld : TEXTS.samplesEmpty}</Empty>}
          more={samples.length >= limit && limit < MOST ? () => setLimit(Math.min(MOST, limit + MORE)) : undefined}
        />
      )}
    </Page>
  );
}

function momentOf(at: string | undefined): JSX.Element {
  return <time dateTime={at}>{TIME.format(secondsOf(at) * 1000)}</time>;
}

const FIELDS = [
  'received',
  'api',
  'route',
  'client',
  'contract',
  'tier',
  'method',
  'status',
  'outcome',
  'policy',
] as const;
const MORE_FIELDS = ['reason', 'durationMs', 'clientAddress', 'source', 'requestId', 'traceId', 'id'] as const;

function csvOf(samples: readonly SampleJson[]): string {
  const fields = [...FIELDS, ...MORE_FIELDS];
  return csv(
    fields,
    samples.map((sample) => fields.map((field) => sample[field])),
  );
}
