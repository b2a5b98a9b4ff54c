import type { JSX } from 'preact';
import { Icon } from '../../parts/icon.tsx';
import { duration, percent, shareOf, spanText, whole } from './formats.ts';
import type { Counted, Span } from './series.ts';
import { TEXTS } from './texts.ts';

export interface PointBarProps {
  readonly span: Span;
  readonly stepS: number;
  readonly counted: Counted | undefined;
  readonly samples: string;
  readonly closer: string;
  /** The address without it. */
  readonly closed: string;
}

/** What happened in a span that was chosen, and where to go from there. */
export function PointBar({ span, stepS, counted, samples, closer, closed }: PointBarProps): JSX.Element {
  const share = (part: number): string => percent(shareOf(part, counted?.count ?? 0) ?? 0);
  return (
    <aside class="point" aria-label={spanText(span.startS, stepS)}>
      <strong>{spanText(span.startS, stepS)}</strong>
      {counted === undefined ? (
        <span>{TEXTS.gap}</span>
      ) : (
        <span class="point-numbers">
          <span>
            {whole(counted.count)} {TEXTS.requests.toLowerCase()}
          </span>
          <span>
            {whole(counted.errors)} {TEXTS.errors.toLowerCase()} ({share(counted.errors)})
          </span>
          <span>
            {whole(counted.denials)} {TEXTS.denied.toLowerCase()} ({share(counted.denials)})
          </span>
          <span>p95 {duration(counted.p95)}</span>
        </span>
      )}
      <span class="point-links">
        <a class="button main" href={samples}>
          {TEXTS.samplesOf}
        </a>
        <a class="button" href={closer}>
          {TEXTS.closer}
        </a>
        <a class="button plain square" href={closed} aria-label={TEXTS.closePoint}>
          <Icon name="close" />
        </a>
      </span>
    </aside>
  );
}
