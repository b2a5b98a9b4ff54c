import type { JSX } from 'preact';
import { useMemo } from 'preact/hooks';
import type { QueryResponseJson } from '../../../../gen/ostiary/v1/analytics_pb.js';
import { Page } from '../../parts/page.tsx';
import { Empty, Failed, Loading } from '../../parts/states.tsx';
import { go, here, setQuery } from '../../shell/router.ts';
import { Breakdown } from './breakdown.tsx';
import { Charts } from './charts.tsx';
import { Completeness } from './completeness.tsx';
import { FilterBar } from './filter-bar.tsx';
import { addressWith, conditionsOf, filtersOf } from './filters.ts';
import { period, spanText } from './formats.ts';
import { query } from './methods.ts';
import { PointBar } from './point-bar.tsx';
import { Quota } from './quota.tsx';
import { RangeBar, withRange } from './range-bar.tsx';
import { isoOf, lengthOf, LASTS, rangeOf, refreshOf, stepOf, timeOf, WEEK_MS, zoomed } from './ranges.ts';
import { countedOf, gapsOf, secondsOf, seriesOf } from './series.ts';
import type { Shown } from './shown.ts';
import { Stats } from './stats.tsx';
import { TEXTS } from './texts.ts';
import { useAnswer, useRounds } from './use-answer.ts';

const MONTH = LASTS.find(([id]) => id === '30d') ?? ['30d', 0];
const MOST_GAPS = 3;

/** How many requests, how fast, how they ended: of any time, narrowed by filters, and from each point to single requests. */
export default function AnalyticsView(): JSX.Element {
  const address = here.value;
  const range = rangeOf(address.searchParams);
  const filters = filtersOf(address.searchParams);
  const isCompared = address.searchParams.get('compare') === 'week';
  const stepS = stepOf(range, Date.now());
  const round = useRounds(refreshOf(range, stepS, Date.now()));
  const time = timeOf(range);
  const where = conditionsOf(filters);
  const step = `${stepS}s`;
  const whole = useAnswer(query, { time, where, by: [], step }, round);
  const earlier = isCompared && whole.data !== undefined ? weekBefore(whole.data) : undefined;
  const before = useAnswer(query, earlier && { time: earlier, where, by: [], step });
  const series = useMemo(() => whole.data && seriesOf(whole.data, stepS, Date.now() / 1000), [whole.data, stepS]);
  const beforeSeries = useMemo(() => before.data && seriesOf(before.data, stepS), [before.data, stepS]);

  const openS = address.searchParams.has('at') ? secondsOf(address.searchParams.get('at') ?? undefined) : undefined;
  const openAt = series?.spans.findIndex(({ startS }) => startS === openS) ?? -1;
  const length = series?.stepS ?? stepS;
  const shown: Shown = {
    address,
    filters,
    time,
    stepS,
    round,
    openS: openAt < 0 ? undefined : openS,
    onZoom: (fromS, untilS) => go(withRange(zoomed(fromS, untilS, length))),
    onOpen: ({ startS }) => setQuery({ at: isoOf(startS * 1000) }, openS === undefined ? 'push' : 'replace'),
    samplesOf: ({ startS }) => samplesAddress(address, startS, length),
  };
  const total = countedOf(whole.data?.total);
  const totalBefore = isCompared && before.data !== undefined ? countedOf(before.data.total) : undefined;
  const span = series?.spans[openAt];
  return (
    <Page title={TEXTS.title}>
      <div class="analytics-controls">
        <RangeBar range={range} />
        <label class="compare">
          <input
            type="checkbox"
            checked={isCompared}
            onChange={(event) => setQuery({ compare: event.currentTarget.checked ? 'week' : undefined }, 'replace')}
          />
          {TEXTS.compare}
        </label>
      </div>
      <FilterBar filters={filters} range={range} />
      {whole.data === undefined || series === undefined ? (
        whole.error === undefined ? (
          <Loading lines={10} />
        ) : (
          <Failed error={whole.error} retry={whole.reload} />
        )
      ) : (
        <div class={whole.isOld ? 'analytics old' : 'analytics'} aria-busy={whole.isOld}>
          {whole.error !== undefined && <Failed error={whole.error} retry={whole.reload} isBeside />}
          <div class="analytics-known">
            <Completeness of={whole.data.completeness} />
            <span class="quiet">{TEXTS.spans(period(length))}</span>
          </div>
          {total.count === 0 ? (
            <Empty title={TEXTS.emptyTitle}>
              <p>{filters.length > 0 ? TEXTS.emptyFilters : TEXTS.empty}</p>
              {lengthOf(range) < MONTH[1] && (
                <a class="button" href={withRange({ kind: 'last', id: MONTH[0], lengthS: MONTH[1] })}>
                  {TEXTS.toDocs}
                </a>
              )}
            </Empty>
          ) : (
            <>
              <Gaps of={series} />
              <Stats
                total={total}
                before={totalBefore}
                lengthS={secondsOf(whole.data.until) - secondsOf(whole.data.since)}
              />
              <Charts
                shown={shown}
                series={series}
                total={total}
                before={isCompared ? beforeSeries : undefined}
                totalBefore={totalBefore}
              />
              <Breakdown key={address.searchParams.get('by')} {...shown} />
              <Quota {...shown} />
            </>
          )}
          {span !== undefined && (
            <PointBar
              span={span}
              stepS={length}
              counted={series.rows[0]?.counted[openAt]}
              samples={shown.samplesOf(span)}
              closer={withRange(zoomed(span.startS, span.startS + length, length))}
              closed={addressWith(address, filters, { at: undefined })}
            />
          )}
        </div>
      )}
    </Page>
  );
}

/** Seven days before what was answered for: the clock is the control plane's. */
function weekBefore({ since, until }: QueryResponseJson): { readonly since: string; readonly until: string } {
  return { since: isoOf(secondsOf(since) * 1000 - WEEK_MS), until: isoOf(secondsOf(until) * 1000 - WEEK_MS) };
}

function samplesAddress(address: URL, startS: number, lengthS: number): string {
  const search = new URLSearchParams();
  for (const text of address.searchParams.getAll('where')) search.append('where', text);
  search.set('from', isoOf(startS * 1000));
  search.set('until', isoOf((startS + lengthS) * 1000));
  return `/analytics/requests?${search.toString()}`;
}

function Gaps({ of }: { readonly of: ReturnType<typeof seriesOf> }): JSX.Element | null {
  const gaps = gapsOf(of);
  if (gaps.length === 0) return null;
  const told = gaps.slice(0, MOST_GAPS).map(([fromS, untilS]) => spanText(fromS, untilS - fromS));
  const more = gaps.length > MOST_GAPS ? ` (+${gaps.length - MOST_GAPS})` : '';
  return <p class="analytics-gaps">{TEXTS.gaps(`${told.join(', ')}${more}`)}</p>;
}
