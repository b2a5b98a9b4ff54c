import type { JSX } from 'preact';
import { useRef, useState } from 'preact/hooks';
import { go, here } from '../../shell/router.ts';
import { addressWith, filtersOf } from './filters.ts';
import { textIn } from './form-text.ts';
import { spanText } from './formats.ts';
import { LASTS, lengthOf, rangeQuery } from './ranges.ts';
import type { Range } from './ranges.ts';
import { TEXTS } from './texts.ts';

/** The address with another time. What was open is of the time before. */
export function withRange(range: Range): string {
  const address = here.value;
  return addressWith(address, filtersOf(address.searchParams), { ...rangeQuery(range), at: undefined });
}

/** Which time is looked at: the last hours or days, or from one moment to another. */
export function RangeBar({ range }: { readonly range: Range }): JSX.Element {
  return (
    <div class="ranges" role="group" aria-label={TEXTS.range}>
      {LASTS.map(([id, lengthS]) => (
        <a
          key={id}
          class="range"
          href={withRange({ kind: 'last', id, lengthS })}
          aria-current={range.kind === 'last' && range.id === id ? 'true' : undefined}
        >
          <span class="range-short" aria-hidden="true">
            {id}
          </span>
          <span class="unseen">{TEXTS.lasts[id]}</span>
        </a>
      ))}
      <Between range={range} />
    </div>
  );
}

function Between({ range }: { readonly range: Range }): JSX.Element {
  const details = useRef<HTMLDetailsElement>(null);
  const [isWrong, setWrong] = useState(false);
  const untilMs = range.kind === 'between' ? range.untilMs : Date.now();
  const fromMs = range.kind === 'between' ? range.fromMs : untilMs - range.lengthS * 1000;
  const submit = (event: SubmitEvent & { readonly currentTarget: HTMLFormElement }): void => {
    event.preventDefault();
    const given = new FormData(event.currentTarget);
    const [from, until] = ['from', 'until'].map((name) => new Date(textIn(given, name)).getTime());
    if (!(Number(until) - Number(from) >= 60_000)) return setWrong(true);
    setWrong(false);
    if (details.current !== null) details.current.open = false;
    go(withRange({ kind: 'between', fromMs: Number(from), untilMs: Number(until) }));
  };
  return (
    <details class="range-between" ref={details}>
      <summary class="range" aria-current={range.kind === 'between' ? 'true' : undefined}>
        {range.kind === 'between' ? spanText(range.fromMs / 1000, lengthOf(range)) : TEXTS.between}
      </summary>
      <form class="range-form" onSubmit={submit}>
        <label>
          {TEXTS.from}
          <input type="datetime-local" name="from" required defaultValue={localText(fromMs)} key={fromMs} />
        </label>
        <label>
          {TEXTS.until}
          <input type="datetime-local" name="until" required defaultValue={localText(untilMs)} key={untilMs} />
        </label>
        {isWrong && (
          <p class="fault" role="alert">
            {TEXTS.wrongTime}
          </p>
        )}
        <button class="main" type="submit">
          {TEXTS.show}
        </button>
      </form>
    </details>
  );
}

/** As an input has it: in the reader's zone, to the minute. */
function localText(atMs: number): string {
  const at = new Date(atMs);
  return new Date(atMs - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}
