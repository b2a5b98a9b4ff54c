import type { JSX } from 'preact';
import { useMemo, useState } from 'preact/hooks';
import { Chart } from './chart.tsx';
import type { Line } from './chart.tsx';
import { markClass } from './colours.ts';
import { csv } from '../../../../src/csv.ts';
import { fileName, save } from '../../parts/save.ts';
import { spanText } from './formats.ts';
import { isoOf } from './ranges.ts';
import { isOpenAlone } from './series.ts';
import type { Series, Span } from './series.ts';
import { TEXTS } from './texts.ts';

export interface ChartCardProps {
  readonly id: string;
  readonly title: string;
  readonly series: Series;
  readonly lines: readonly Line[];
  readonly format: (value: number | null | undefined) => string;
  /** The whole time: what a legend says while nothing is pointed at. By the id of the line. */
  readonly totals?: Readonly<Record<string, number | undefined>>;
  readonly onZoom: (fromS: number, untilS: number) => void;
  readonly onOpen: (span: Span) => void;
  readonly openS?: number | undefined;
  /** The address of the sampled requests of a span. */
  readonly samplesOf: (span: Span) => string;
  /** In place of a chart that has nothing. */
  readonly empty?: string;
}

/** A chart with its legend, the same as a table, and as CSV. */
export function ChartCard(props: ChartCardProps): JSX.Element {
  const { id, title, series, lines, format, totals, empty, openS } = props;
  const [at, setAt] = useState<number>();
  const [isTable, setTable] = useState(false);
  const [hidden, setHidden] = useState<ReadonlySet<string>>(new Set());
  const hasValues = useMemo(() => lines.some(({ values }) => values.some((value) => value !== null)), [lines]);
  const toggle = (line: string): void => {
    const next = new Set(hidden);
    if (!next.delete(line)) next.add(line);
    // All gone shows nothing: it means all again.
    setHidden(next.size === lines.length ? new Set() : next);
  };
  const download = (): void => {
    const shown = lines.filter((line) => !hidden.has(line.id));
    const records = series.spans.map((span, place) => [
      isoOf(span.startS * 1000),
      series.stepS,
      ...shown.map(({ values }) => values[place]),
    ]);
    const text = csv(['start', 'seconds', ...shown.map(({ name }) => name)], records);
    save(`${fileName(id, isoOf((series.spans[0]?.startS ?? 0) * 1000))}.csv`, 'text/csv', text);
  };
  const span = at === undefined ? undefined : series.spans[at];
  return (
    <section class="chart-card" aria-labelledby={`${id}-title`}>
      <header class="chart-head">
        <h2 id={`${id}-title`}>{title}</h2>
        <span class="chart-when quiet" aria-hidden="true">
          {span !== undefined && spanText(span.startS, series.stepS)}
        </span>
        {hasValues && (
          <div class="chart-tools">
            <button class="plain" type="button" aria-pressed={isTable} onClick={() => setTable(!isTable)}>
              {TEXTS.table}
            </button>
            <button class="plain" type="button" onClick={download} aria-label={`${title}: ${TEXTS.csvOf}`}>
              {TEXTS.csv}
            </button>
          </div>
        )}
      </header>
      {hasValues ? (
        <>
          <ul class="chart-legend" aria-label={`${title}: ${TEXTS.lines}`}>
            {lines.map((line) => (
              <li key={line.id}>
                <button
                  type="button"
                  class={hidden.has(line.id) ? 'chart-line off' : 'chart-line'}
                  aria-pressed={!hidden.has(line.id)}
                  onClick={() => toggle(line.id)}
                >
                  <i class={`${markClass(line.colour)}${line.isBefore === true ? ' before' : ''}`} />
                  <bdi>{line.name}</bdi>
                  <b>{format(at === undefined ? totals?.[line.id] : line.values[at])}</b>
                </button>
              </li>
            ))}
          </ul>
          {isTable ? (
            <ChartTable {...props} lines={lines.filter((line) => !hidden.has(line.id))} />
          ) : (
            <Chart
              label={title}
              series={series}
              lines={lines}
              hidden={hidden}
              format={format}
              at={at}
              onPoint={setAt}
              onOpen={(place) => {
                const chosen = series.spans[place];
                if (chosen !== undefined) props.onOpen(chosen);
              }}
              onZoom={props.onZoom}
              openS={openS}
            />
          )}
        </>
      ) : (
        <p class="chart-empty quiet">{isOpenAlone(series) ? TEXTS.noneYet : empty}</p>
      )}
    </section>
  );
}

function ChartTable({ title, series, lines, format, samplesOf }: ChartCardProps): JSX.Element {
  return (
    <div class="chart-table scrolls" tabIndex={0} role="region" aria-label={title}>
      <table>
        <caption>{title}</caption>
        <thead>
          <tr>
            <th scope="col">{TEXTS.span}</th>
            {lines.map(({ id, name }) => (
              <th key={id} scope="col" class="number">
                <bdi>{name}</bdi>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {series.spans.toReversed().map((span, place) => {
            const at = series.spans.length - 1 - place;
            return (
              <tr key={span.startS}>
                <th scope="row">
                  <a href={samplesOf(span)}>{spanText(span.startS, series.stepS)}</a>
                </th>
                {lines.map(({ id, values }) => (
                  <td key={id} class="number">
                    {cellOf(span, values[at], format)}
                  </td>
                ))}
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

function cellOf(
  span: Span,
  value: number | null | undefined,
  format: (value: number | null | undefined) => string,
): JSX.Element | string {
  if (value !== null && value !== undefined) return format(value);
  if (span.isOpen) return <span class="quiet">{TEXTS.open}</span>;
  return span.isKnown ? format(undefined) : <span class="quiet">{TEXTS.gapShort}</span>;
}
