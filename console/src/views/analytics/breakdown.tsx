import type { JSX } from 'preact';
import { useMemo, useState } from 'preact/hooks';
import type { TopResponseJson, TopRowJson } from '../../../../gen/ostiary/v1/analytics_pb.js';
import { Empty, Failed, Loading } from '../../parts/states.tsx';
import { Table } from '../../parts/table.tsx';
import type { Column } from '../../parts/table.tsx';
import { setQuery } from '../../shell/router.ts';
import { ChartCard } from './chart-card.tsx';
import { MOST_COLOURS } from './colours.ts';
import { csv } from '../../../../src/csv.ts';
import { fileName, save } from '../../parts/save.ts';
import { addressWith, conditionsOf, narrowed } from './filters.ts';
import { bytes, change, duration, percent, perSecond, shareOf, whole } from './formats.ts';
import { query, top } from './methods.ts';
import { isoOf } from './ranges.ts';
import { averageOf, countedOf, rateOf, secondsOf, seriesOf, valuesOf } from './series.ts';
import { dimensionText, TEXTS, valueText } from './texts.ts';
import type { Shown } from './shown.ts';
import { useAnswer } from './use-answer.ts';

const BY = ['api', 'client', 'route', 'status', 'reason', 'tier'] as const;
const RANKS = {
  requests: 'RANK_BY_REQUESTS',
  errors: 'RANK_BY_ERRORS',
  denials: 'RANK_BY_DENIALS',
  duration: 'RANK_BY_DURATION',
  bytes: 'RANK_BY_BYTES',
} as const;
type Rank = keyof typeof RANKS;
const ALL_RANKS = Object.keys(RANKS) as Rank[];
const FIRST = 15;
const MORE = 50;
const MOST = 1000;

/** What the requests are made of, by one dimension: the highest as lines, and a table that leads further down. */
export function Breakdown(shown: Shown): JSX.Element {
  const { filters, time, stepS, round, address, onZoom, onOpen, openS, samplesOf } = shown;
  const [limit, setLimit] = useState(FIRST);
  const narrowedTo = new Set(filters.filter(({ isExcluded }) => !isExcluded).map(({ dimension }) => dimension));
  const asked = address.searchParams.get('by');
  const by = BY.find((each) => each === asked) ?? BY.find((each) => !narrowedTo.has(each)) ?? 'api';
  const rank = ALL_RANKS.find((each) => each === address.searchParams.get('rank')) ?? 'requests';
  const where = conditionsOf(filters);
  const rankBy = RANKS[rank];
  const listed = useAnswer(top, { time, where, by, rankBy, limit }, round);
  const drawn = useAnswer(query, { time, where, by: [by], rankBy, step: `${stepS}s`, limit: MOST_COLOURS }, round);
  const series = useMemo(() => drawn.data && seriesOf(drawn.data, stepS), [drawn.data, stepS]);
  const lines = useMemo(() => {
    // An answer to the question before may still be shown.
    if (series === undefined || drawn.data?.by?.[0] !== by) return [];
    return series.rows.slice(0, MOST_COLOURS).map((row, at) => ({
      id: row.values[0] ?? '',
      name: valueText(by, row.values[0] ?? ''),
      colour: at,
      values: valuesOf(series, row, lineOf(rank)),
    }));
  }, [series, by, rank]);
  return (
    <section class="breakdown" aria-labelledby="breakdown-title" aria-busy={listed.isOld}>
      <header class="breakdown-head">
        <h2 id="breakdown-title">{TEXTS.breakdown}</h2>
        <nav class="breakdown-by" aria-label={TEXTS.by}>
          {BY.map((each) => (
            <a
              key={each}
              href={addressWith(address, filters, { by: each })}
              aria-current={each === by ? 'true' : undefined}
            >
              {TEXTS.plural[each]}
            </a>
          ))}
        </nav>
        <label class="breakdown-rank">
          {TEXTS.rankBy}
          <select value={rank} onChange={(event) => setQuery({ rank: event.currentTarget.value }, 'replace')}>
            {ALL_RANKS.map((each) => (
              <option key={each} value={each}>
                {TEXTS.ranks[each]}
              </option>
            ))}
          </select>
        </label>
      </header>
      {series !== undefined && lines.length > 0 && (
        <ChartCard
          id={`by-${by}`}
          title={`${TEXTS.plural[by]}: ${TEXTS.ranks[rank]}`}
          series={series}
          lines={lines}
          totals={Object.fromEntries(lines.map((line) => [line.id, averageOf(line.values)]))}
          format={rank === 'duration' ? duration : rank === 'bytes' ? bytesPerSecond : perSecond}
          onZoom={onZoom}
          onOpen={onOpen}
          openS={openS}
          samplesOf={samplesOf}
        />
      )}
      {listed.data === undefined ? (
        listed.error === undefined ? (
          <Loading />
        ) : (
          <Failed error={listed.error} retry={listed.reload} />
        )
      ) : (
        <Listed
          answer={listed.data}
          shown={shown}
          rank={rank}
          more={
            Number(listed.data.combinations ?? 0) > (listed.data.rows?.length ?? 0) && limit < MOST
              ? () => setLimit(Math.min(MOST, limit + MORE))
              : undefined
          }
        />
      )}
    </section>
  );
}

function bytesPerSecond(value: number | null | undefined): string {
  return value === null || value === undefined ? '–' : `${bytes(value)}/s`;
}

function lineOf(rank: Rank): Parameters<typeof valuesOf>[2] {
  switch (rank) {
    case 'errors':
      return ({ errors }, span) => rateOf(errors, span);
    case 'denials':
      return ({ denials }, span) => rateOf(denials, span);
    case 'duration':
      return ({ mean }) => mean;
    case 'bytes':
      return (counted, span) => rateOf(counted.bytes, span);
    default:
      return ({ count }, span) => rateOf(count, span);
  }
}

interface ListedProps {
  readonly answer: TopResponseJson;
  readonly shown: Shown;
  readonly rank: Rank;
  readonly more: (() => void) | undefined;
}

function Listed({ answer, shown, rank, more }: ListedProps): JSX.Element {
  const { by = 'api', rows = [], since, until, combinations } = answer;
  const { filters, address } = shown;
  const highest = Number(rows[0]?.share ?? 1);
  const isLeading = BY.some((each) => each === by) || by === 'status';
  const columns: readonly Column<TopRowJson>[] = [
    {
      id: 'value',
      title: dimensionText(by),
      cell: ({ value = '' }) => <bdi class="given">{valueText(by, value)}</bdi>,
    },
    { id: 'count', title: TEXTS.requests, isNumber: true, cell: ({ usage }) => whole(countedOf(usage).count) },
    { id: 'share', title: TEXTS.share, isMinor: true, cell: ({ share }) => <Bar share={share} most={highest} /> },
    {
      id: 'errors',
      title: TEXTS.errors,
      isNumber: true,
      cell: ({ usage }) => partText(countedOf(usage).errors, countedOf(usage).count),
    },
    {
      id: 'denials',
      title: TEXTS.denied,
      isNumber: true,
      cell: ({ usage }) => partText(countedOf(usage).denials, countedOf(usage).count),
    },
    rank === 'bytes'
      ? { id: 'bytes', title: TEXTS.size, isNumber: true, cell: ({ usage }) => bytes(countedOf(usage).bytes) }
      : rank === 'duration'
        ? { id: 'mean', title: TEXTS.mean, isNumber: true, cell: ({ usage }) => duration(countedOf(usage).mean) }
        : { id: 'p95', title: 'p95', isNumber: true, cell: ({ usage }) => duration(countedOf(usage).p95) },
    {
      id: 'before',
      title: TEXTS.versus,
      isNumber: true,
      isMinor: true,
      cell: ({ usage, before }) => (
        <span title={TEXTS.versusHelp}>{beforeText(countedOf(usage).count, before && countedOf(before).count)}</span>
      ),
    },
  ];
  const download = (): void => {
    const text = csv(
      [by, 'requests', 'errors', 'denials', 'bytes', 'mean_ms', 'p50_ms', 'p95_ms', 'p99_ms', 'requests_before'],
      rows.map(({ value = '', usage, before }) => {
        const { count, errors, denials, bytes: size, mean, p50, p95, p99 } = countedOf(usage);
        return [value, count, errors, denials, size, mean, p50, p95, p99, before && countedOf(before).count];
      }),
    );
    save(`${fileName('by', by, isoOf(secondsOf(since) * 1000), isoOf(secondsOf(until) * 1000))}.csv`, 'text/csv', text);
  };
  return (
    <>
      <Table<TopRowJson>
        caption={`${TEXTS.breakdown}: ${TEXTS.plural[by] ?? by}`}
        columns={columns}
        rows={rows}
        keyOf={({ value = '' }) => value}
        {...(isLeading && {
          hrefOf: ({ value = '' }) => addressWith(address, narrowed(filters, by, value), { by: undefined }),
        })}
        empty={<Empty title={TEXTS.emptyTitle}>{TEXTS.emptyFilters}</Empty>}
        count={TEXTS.listed(whole(rows.length), whole(Number(combinations ?? rows.length)))}
        more={more}
      />
      {rows.length > 0 && (
        <button class="plain" type="button" onClick={download} aria-label={`${TEXTS.plural[by] ?? by}: ${TEXTS.csvOf}`}>
          {TEXTS.csv}
        </button>
      )}
    </>
  );
}

function partText(part: number, count: number): string {
  return part === 0 ? '0' : percent(shareOf(part, count));
}

function beforeText(now: number, before: number | undefined): string {
  if (before === undefined) return '–';
  return before === 0 ? TEXTS.isNew : (change(now, before) ?? '–');
}

/** As long as the highest one lets it be. */
function Bar({
  share,
  most,
}: {
  readonly share: number | string | undefined;
  readonly most: number;
}): JSX.Element | null {
  if (share === undefined) return null;
  return (
    <span class="share">
      <meter class="share-bar" min={0} max={most > 0 ? most : 1} value={Number(share)} aria-hidden="true" />
      <span class="share-text">{percent(Number(share))}</span>
    </span>
  );
}
