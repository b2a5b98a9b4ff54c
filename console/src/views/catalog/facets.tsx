import type { JSX } from 'preact';
import type { FacetJson } from '../../../../gen/ostiary/v1/catalog_pb.js';
import { Given } from '../../parts/small.tsx';
import { tagText } from './plain-text.ts';

export interface FacetProps {
  readonly title: string;
  readonly values: readonly FacetJson[];
  readonly chosen: readonly string[];
  readonly onChange: (chosen: readonly string[]) => void;
  readonly textOf?: (value: string) => string;
}

const SHOWN = 8;
const NUMBER = new Intl.NumberFormat();

/** Values to choose from, with how many there are of each. What is chosen stays, even where nothing has it now. */
export function Facet({ title, values, chosen, onChange, textOf = (value) => value }: FacetProps): JSX.Element | null {
  const missing = chosen.filter((value) => !values.some((each) => (each.value ?? '') === value));
  const all = [...missing.map((value): FacetJson => ({ value, count: 0 })), ...values];
  if (all.length === 0) return null;
  const line = ({ value = '', count = 0 }: FacetJson): JSX.Element => {
    const isChosen = chosen.includes(value);
    return (
      <label key={value} class="facet-value">
        <input
          type="checkbox"
          checked={isChosen}
          onChange={() => onChange(isChosen ? chosen.filter((each) => each !== value) : [...chosen, value])}
        />
        <span class="facet-name">
          <Given text={textOf(value)} />
        </span>
        <span class="facet-count">{NUMBER.format(count)}</span>
      </label>
    );
  };
  return (
    <fieldset class="facet">
      <legend>{title}</legend>
      {all.slice(0, SHOWN).map(line)}
      {all.length > SHOWN && (
        <details>
          <summary>{all.length - SHOWN} more</summary>
          {all.slice(SHOWN).map(line)}
        </details>
      )}
    </fieldset>
  );
}

/** `area=sales` as it is read. */
export function tagName(tag: string): string {
  const [label = '', ...value] = tag.split('=');
  return tagText(label, value.join('='));
}
