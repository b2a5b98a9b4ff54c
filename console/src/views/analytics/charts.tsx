import type { JSX } from 'preact';
import { useMemo } from 'preact/hooks';
import { ChartCard } from './chart-card.tsx';
import type { Line } from './chart.tsx';
import { MOST_COLOURS } from './colours.ts';
import { conditionsOf } from './filters.ts';
import { duration, percent, perSecond, shareOf } from './formats.ts';
import { query } from './methods.ts';
import { alignedTo, averageOf, rateOf, seriesOf, valuesOf } from './series.ts';
import type { Counted, Series } from './series.ts';
import type { Shown } from './shown.ts';
import { TEXTS, valueText } from './texts.ts';
import { useAnswer } from './use-answer.ts';

const WEEK_S = 7 * 86_400;
const BLUE = 0;
const RED = 1;
const GREEN = 2;
const PURPLE = 3;

type ValueOf = Parameters<typeof valuesOf>[2];

export interface ChartsProps {
  readonly shown: Shown;
  readonly series: Series;
  readonly total: Counted;
  /** Of the week before; undefined: it is not compared. */
  readonly before: Series | undefined;
  readonly totalBefore: Counted | undefined;
}

/** Requests, how they failed, how fast they were, and why some were refused. */
export function Charts({ shown, series, total, before, totalBefore }: ChartsProps): JSX.Element {
  const { filters, time, stepS, round, onZoom, onOpen, openS, samplesOf } = shown;
  const row = series.rows[0];
  const line = (id: string, name: string, colour: number, valueOf: ValueOf, isFilled = false): Line[] => {
    const own = { id, name, colour, isFilled, values: valuesOf(series, row, valueOf) };
    if (before === undefined) return [own];
    const values = alignedTo(series.spans, before, valuesOf(before, before.rows[0], valueOf), WEEK_S);
    return [own, { id: `${id} before`, name: `${name}, ${TEXTS.before}`, colour, values, isBefore: true }];
  };
  const requests = useMemo(
    () => line('requests', TEXTS.requests, BLUE, ({ count }, span) => rateOf(count, span), true),
    [series, before],
  );
  const failures = useMemo(
    () => [
      ...line('errors', TEXTS.errors, RED, ({ errors, count }) => shareOf(errors, count)),
      ...line('denied', TEXTS.denied, PURPLE, ({ denials, count }) => shareOf(denials, count)),
    ],
    [series, before],
  );
  const latency = useMemo(
    () => [
      ...line('p50', 'p50', GREEN, ({ p50 }) => p50),
      ...line('p95', 'p95', BLUE, ({ p95 }) => p95),
      ...line('p99', 'p99', RED, ({ p99 }) => p99),
    ],
    [series, before],
  );
  const where = conditionsOf([...filters, { dimension: 'outcome', value: 'blocked', isExcluded: false }]);
  const isRefused = filters.every(({ dimension }) => dimension !== 'outcome');
  const denials = useAnswer(
    query,
    isRefused ? { time, where, by: ['reason'], step: `${stepS}s`, limit: MOST_COLOURS } : undefined,
    round,
  );
  const ofDenials = useMemo(() => denials.data && seriesOf(denials.data, stepS), [denials.data, stepS]);
  const reasons = useMemo(
    () =>
      (ofDenials?.rows ?? []).map((each, at): Line => {
        const [value = ''] = each.values;
        const values = valuesOf(ofDenials as Series, each, ({ count }, span) => rateOf(count, span));
        return { id: value, name: valueText('reason', value), colour: at, values };
      }),
    [ofDenials],
  );
  const common = { onZoom, onOpen, openS, samplesOf };
  return (
    <div class="charts">
      <ChartCard
        {...common}
        id="requests"
        title={TEXTS.requests}
        series={series}
        lines={requests}
        format={perSecond}
        totals={{ requests: averageOf(requests[0]?.values), 'requests before': averageOf(requests[1]?.values) }}
      />
      <ChartCard
        {...common}
        id="failures"
        title={TEXTS.failures}
        series={series}
        lines={failures}
        format={percent}
        totals={{
          errors: shareOf(total.errors, total.count),
          denied: shareOf(total.denials, total.count),
          'errors before': shareOf(totalBefore?.errors ?? 0, totalBefore?.count ?? 0),
          'denied before': shareOf(totalBefore?.denials ?? 0, totalBefore?.count ?? 0),
        }}
      />
      <ChartCard
        {...common}
        id="latency"
        title={TEXTS.latency}
        series={series}
        lines={latency}
        format={duration}
        totals={{
          p50: total.p50,
          p95: total.p95,
          p99: total.p99,
          'p50 before': totalBefore?.p50,
          'p95 before': totalBefore?.p95,
          'p99 before': totalBefore?.p99,
        }}
        empty={TEXTS.noLatency}
      />
      {isRefused && (
        <ChartCard
          {...common}
          id="reasons"
          title={TEXTS.reasons}
          series={ofDenials ?? series}
          lines={reasons}
          format={perSecond}
          totals={Object.fromEntries(reasons.map((each) => [each.id, averageOf(each.values)]))}
          empty={TEXTS.noDenials}
        />
      )}
    </div>
  );
}
