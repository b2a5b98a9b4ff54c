import type { JSX } from 'preact';
import { useId, useRef, useState } from 'preact/hooks';
import { Icon } from '../../parts/icon.tsx';
import { go, here } from '../../shell/router.ts';
import { addressWith, conditionsOf, DIMENSIONS, filterText } from './filters.ts';
import type { Filter } from './filters.ts';
import { textIn } from './form-text.ts';
import { top } from './methods.ts';
import { timeOf } from './ranges.ts';
import type { Range } from './ranges.ts';
import { dimensionText, TEXTS, valueText } from './texts.ts';
import { useAnswer } from './use-answer.ts';

const SUGGESTED = 50;

/** Filters, each with a way to take it away, and a form for one more. */
export function FilterBar({
  filters,
  range,
}: {
  readonly filters: readonly Filter[];
  readonly range: Range;
}): JSX.Element {
  return (
    <div class="filters" role="group" aria-label={TEXTS.filters}>
      {filters.map((filter) => (
        <span key={filterText(filter)} class="filter">
          <span class="quiet">
            {dimensionText(filter.dimension)} {filter.isExcluded ? TEXTS.isNot : ''}
          </span>{' '}
          <bdi>{valueText(filter.dimension, filter.value)}</bdi>
          <a
            class="filter-remove"
            href={addressWith(
              here.value,
              filters.filter((each) => each !== filter),
            )}
            aria-label={`${TEXTS.remove} ${filterText(filter)}`}
          >
            <Icon name="close" />
          </a>
        </span>
      ))}
      <AddFilter filters={filters} range={range} />
      {filters.length > 1 && (
        <a class="filter-clear" href={addressWith(here.value, [])}>
          {TEXTS.clear}
        </a>
      )}
    </div>
  );
}

function AddFilter({ filters, range }: { readonly filters: readonly Filter[]; readonly range: Range }): JSX.Element {
  const details = useRef<HTMLDetailsElement>(null);
  const id = useId();
  const [isOpen, setOpen] = useState(false);
  const [dimension, setDimension] = useState<string>('api');
  const request = { time: timeOf(range), where: conditionsOf(filters), by: dimension, limit: SUGGESTED };
  const { data } = useAnswer(top, isOpen ? request : undefined);
  const suggestions = data?.by === dimension ? (data.rows ?? []) : [];
  const submit = (event: SubmitEvent & { readonly currentTarget: HTMLFormElement }): void => {
    event.preventDefault();
    const given = new FormData(event.currentTarget);
    const value = textIn(given, 'value').trim();
    const added = { dimension, value, isExcluded: given.get('excluded') === 'yes' };
    if (details.current !== null) details.current.open = false;
    event.currentTarget.reset();
    go(addressWith(here.value, [...filters, added]));
  };
  return (
    <details
      class="filter-add"
      ref={details}
      onToggle={() => setOpen(details.current?.open === true)}
      onKeyDown={(event) => {
        if (event.key === 'Escape' && details.current !== null) details.current.open = false;
      }}
    >
      <summary>{TEXTS.addFilter}</summary>
      <form class="filter-form" onSubmit={submit}>
        <label>
          {TEXTS.dimension}
          <select value={dimension} onChange={(event) => setDimension(event.currentTarget.value)}>
            {DIMENSIONS.map((each) => (
              <option key={each} value={each}>
                {dimensionText(each)}
              </option>
            ))}
          </select>
        </label>
        <label>
          {TEXTS.condition}
          <select name="excluded">
            <option value="no">{TEXTS.is}</option>
            <option value="yes">{TEXTS.isNot}</option>
          </select>
        </label>
        <label>
          {TEXTS.value}
          <input
            name="value"
            list={`${id}-values`}
            autoComplete="off"
            maxLength={512}
            aria-describedby={`${id}-help`}
          />
        </label>
        <datalist id={`${id}-values`}>
          {suggestions.flatMap(({ value = '' }) => (value === '' ? [] : [<option key={value} value={value} />]))}
        </datalist>
        <p class="help" id={`${id}-help`}>
          {TEXTS.valueHelp}
        </p>
        <button class="main" type="submit">
          {TEXTS.add}
        </button>
      </form>
    </details>
  );
}
