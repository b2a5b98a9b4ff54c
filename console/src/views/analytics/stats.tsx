import type { JSX } from 'preact';
import { change, duration, percent, perSecond, shareOf, short, whole } from './formats.ts';
import type { Counted } from './series.ts';
import { TEXTS } from './texts.ts';

interface Stat {
  readonly title: string;
  readonly value: string;
  /** The exact value, or what it means. */
  readonly more: string;
  readonly change: string | undefined;
  /** More is worse. */
  readonly isBad: boolean;
}

/** The numbers of the whole time. */
export function Stats({
  total,
  before,
  lengthS,
}: {
  readonly total: Counted;
  readonly before: Counted | undefined;
  readonly lengthS: number;
}): JSX.Element {
  const share = (part: 'errors' | 'denials', of: Counted | undefined): number | undefined =>
    of && shareOf(of[part], of.count);
  const stats: readonly Stat[] = [
    {
      title: TEXTS.requests,
      value: short(total.count),
      more: perSecond(total.count / lengthS),
      change: change(total.count, before?.count),
      isBad: false,
    },
    {
      title: TEXTS.errors,
      value: percent(share('errors', total)),
      more: `${whole(total.errors)} ${TEXTS.errorsHelp}`,
      change: change(share('errors', total), share('errors', before)),
      isBad: true,
    },
    {
      title: TEXTS.denied,
      value: percent(share('denials', total)),
      more: `${whole(total.denials)} ${TEXTS.deniedHelp}`,
      change: change(share('denials', total), share('denials', before)),
      isBad: true,
    },
    {
      title: 'p95',
      value: duration(total.p95),
      more: `p50 ${duration(total.p50)} · p99 ${duration(total.p99)}`,
      change: change(total.p95, before?.p95),
      isBad: true,
    },
  ];
  return (
    <dl class="stats">
      {stats.map(({ title, value, more, change: changed, isBad }) => (
        <div key={title} class="stat">
          <dt>{title}</dt>
          <dd>
            <span class="stat-value">{value}</span>
            {changed !== undefined && (
              <span class={`stat-change${isBad && changed.startsWith('+') ? ' worse' : ''}`}>
                {changed} <span class="unseen">{TEXTS.before}</span>
              </span>
            )}
          </dd>
          <dd class="stat-more quiet">{more}</dd>
        </div>
      ))}
    </dl>
  );
}
