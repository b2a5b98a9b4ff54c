import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import { lineColour, useColours } from './colours.ts';
import type { Colours } from './colours.ts';
import { spanText } from './formats.ts';
import { gapsOf } from './series.ts';
import type { Series } from './series.ts';
import { xValues } from './time-axis.ts';

export interface Line {
  readonly id: string;
  readonly name: string;
  /** For each span; null: not known. */
  readonly values: readonly (number | null)[];
  /** Its number among the colours. */
  readonly colour: number;
  /** Of a week before: dashed. */
  readonly isBefore?: boolean;
  readonly isFilled?: boolean;
}

export interface ChartProps {
  /** What a screen reader calls it. */
  readonly label: string;
  readonly series: Series;
  readonly lines: readonly Line[];
  /** Ids of lines that are not drawn. */
  readonly hidden: ReadonlySet<string>;
  readonly format: (value: number | null | undefined) => string;
  /** The number of the span that is pointed at; undefined: none. */
  readonly at: number | undefined;
  readonly onPoint: (at: number | undefined) => void;
  readonly onOpen: (at: number) => void;
  readonly onZoom: (fromS: number, untilS: number) => void;
  /** The start of the span that is open. */
  readonly openS?: number | undefined;
}

const HEIGHT = 190;
const SYNC = 'analytics';
const LEAST_DRAG = 6;
const LONGEST_LABEL = 4;

/** Lines over time. Along it the arrow keys go from span to span, and Enter opens one; dragging looks closer. */
export function Chart(props: ChartProps): JSX.Element {
  const { label, series, lines, hidden, format, at } = props;
  const colours = useColours();
  const element = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | undefined>(undefined);
  const current = useRef(props);
  current.current = props;
  const data = (): uPlot.AlignedData => [
    series.spans.map(({ startS }) => startS + series.stepS / 2),
    ...lines.map(({ values }) => [...values]),
  ];
  const drawn = lines.map(({ id, colour }) => `${id} ${colour}`).join('\n');

  useEffect(() => {
    const target = element.current;
    if (target === null) return undefined;
    const made = new uPlot(optionsOf(current, colours, target.clientWidth), data(), target);
    plot.current = made;
    let pressedAt = 0;
    made.over.addEventListener('mousedown', ({ clientX }) => {
      pressedAt = clientX;
    });
    made.over.addEventListener('click', ({ clientX }) => {
      const { idx } = made.cursor;
      // The end of dragging is a click too.
      if (typeof idx === 'number' && Math.abs(clientX - pressedAt) < LEAST_DRAG) current.current.onOpen(idx);
    });
    const watcher = new ResizeObserver(() => made.setSize({ width: target.clientWidth, height: HEIGHT }));
    watcher.observe(target);
    return () => {
      watcher.disconnect();
      made.destroy();
      plot.current = undefined;
    };
  }, [drawn, colours]);
  useEffect(() => plot.current?.setData(data()), [series, lines]);
  useEffect(() => {
    for (const [index, { id }] of lines.entries()) plot.current?.setSeries(index + 1, { show: !hidden.has(id) });
  }, [hidden, drawn, colours]);
  useEffect(() => plot.current?.redraw(false), [props.openS]);

  const move = (event: KeyboardEvent): void => {
    const last = series.spans.length - 1;
    const from = at ?? last;
    const to = {
      ArrowLeft: from - 1,
      ArrowRight: from + 1,
      PageUp: from - 10,
      PageDown: from + 10,
      Home: 0,
      End: last,
    };
    const next = to[event.key as keyof typeof to];
    if (event.key === 'Enter' && at !== undefined) props.onOpen(at);
    else if (event.key === 'Escape') point(undefined);
    else if (next !== undefined) point(Math.max(0, Math.min(last, next)));
    else return;
    event.preventDefault();
  };
  const point = (next: number | undefined): void => {
    const u = plot.current;
    const span = next === undefined ? undefined : series.spans[next];
    if (u !== undefined)
      u.setCursor(
        span === undefined
          ? { left: -10, top: -10 }
          : { left: u.valToPos(span.startS + series.stepS / 2, 'x'), top: 10 },
      );
    props.onPoint(next);
  };
  const span = at === undefined ? undefined : series.spans[at];
  const told = lines
    .filter(({ id }) => !hidden.has(id))
    .slice(0, LONGEST_LABEL)
    .map(({ name, values }) => `${name} ${format(at === undefined ? undefined : values[at])}`);
  return (
    <div
      ref={element}
      class="chart-plot"
      role="slider"
      tabIndex={0}
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={Math.max(0, series.spans.length - 1)}
      aria-valuenow={at ?? Math.max(0, series.spans.length - 1)}
      aria-valuetext={span === undefined ? '' : `${spanText(span.startS, series.stepS)}: ${told.join(', ')}`}
      onKeyDown={move}
    />
  );
}

function optionsOf(current: { readonly current: ChartProps }, colours: Colours, width: number): uPlot.Options {
  const { lines } = current.current;
  const axis = {
    stroke: colours.quiet,
    font: '12px system-ui, sans-serif',
    grid: { stroke: colours.line, width: 1 },
    ticks: { show: false },
  };
  return {
    width,
    height: HEIGHT,
    legend: { show: false },
    padding: [8, 8, 0, 0],
    cursor: {
      // What is pointed at is shown by all charts; what is chosen by dragging is of one.
      sync: { key: SYNC, setSeries: false, filters: { pub: (type) => type !== 'mousedown' && type !== 'mouseup' } },
      drag: { x: true, y: false, setScale: false, dist: LEAST_DRAG },
      points: { size: 7 },
      y: false,
    },
    scales: {
      x: { time: true, range: () => wholeRange(current.current.series) },
      y: { range: (_, __, max) => [0, max > 0 ? max * 1.12 : 1] },
    },
    axes: [
      {
        ...axis,
        grid: { show: false },
        values: (_, splits, __, ___, increment) => xValues(splits, increment),
        space: 70,
      },
      {
        ...axis,
        size: 64,
        gap: 6,
        space: 36,
        values: (_, splits) => splits.map((value) => (value === 0 ? '0' : current.current.format(value))),
      },
    ],
    series: [{}, ...lines.map((line) => strokeOf(line, colours))],
    hooks: {
      drawClear: [(u) => drawGaps(u, current.current, colours)],
      setCursor: [({ cursor: { idx } }) => current.current.onPoint(idx ?? undefined)],
      setSelect: [
        (u) => {
          const { left, width: wide } = u.select;
          if (wide < LEAST_DRAG) return;
          current.current.onZoom(u.posToVal(left, 'x'), u.posToVal(left + wide, 'x'));
          u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
        },
      ],
    },
  };
}

function strokeOf({ colour, isBefore, isFilled }: Line, colours: Colours): uPlot.Series {
  const stroke = lineColour(colours, colour);
  return {
    stroke,
    width: isBefore === true ? 1.5 : 2,
    spanGaps: false,
    ...(isBefore === true && { dash: [5, 4], alpha: 0.75 }),
    ...(isFilled === true && { fill: withAlpha(stroke, 0.1) }),
    points: { show: true, size: 4, fill: stroke, filter: alone },
  };
}

function wholeRange({ spans, stepS }: Series): [number, number] {
  const [first, last] = [spans[0]?.startS ?? 0, spans.at(-1)?.startS ?? 0];
  return [first, last + stepS];
}

/** Points between which no line goes. */
function alone(u: uPlot, line: number): number[] {
  const values = [...(u.data[line] ?? [])];
  const isNone = (value: number | null | undefined): boolean => value === null || value === undefined;
  return values.flatMap((value, at) => (isNone(value) || !isNone(values[at - 1]) || !isNone(values[at + 1]) ? [] : at));
}

/** Spans of which nothing is known are grey; the one that is open has a line. */
function drawGaps(u: uPlot, { series, openS }: ChartProps, { gap, accent }: Colours): void {
  const { ctx, bbox } = u;
  const x = (atS: number): number => Math.max(bbox.left, Math.min(bbox.left + bbox.width, u.valToPos(atS, 'x', true)));
  ctx.save();
  ctx.fillStyle = gap;
  for (const [fromS, untilS] of gapsOf(series)) ctx.fillRect(x(fromS), bbox.top, x(untilS) - x(fromS), bbox.height);
  if (openS !== undefined) {
    ctx.fillStyle = withAlpha(accent, 0.18);
    ctx.fillRect(x(openS), bbox.top, Math.max(2, x(openS + series.stepS) - x(openS)), bbox.height);
  }
  ctx.restore();
}

function withAlpha(colour: string, alpha: number): string {
  return `color-mix(in srgb, ${colour} ${alpha * 100}%, transparent)`;
}
