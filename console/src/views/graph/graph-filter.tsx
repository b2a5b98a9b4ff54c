import type { JSX } from 'preact';
import { Icon } from '../../parts/icon.tsx';
import { person } from '../../shell/session.ts';
import { setQuery } from '../../shell/router.ts';
import { nodeNamed } from './graph-address.ts';
import type { Asked } from './graph-address.ts';
import { EDGES, RATES } from './graph-address.ts';
import { KINDS, nameOf, perSecond, TEXTS, whole } from './words.ts';

const STEPS = [1, 2, 3, 4, 5];

/** What is drawn: it is filtered first, and what is left is laid out. */
export function GraphFilter({
  asked,
  teams,
}: {
  readonly asked: Asked;
  readonly teams: readonly string[];
}): JSX.Element {
  const { team, minRate, isOfErrors, around, steps, limit } = asked;
  const known = new Set([...teams, ...(person.value?.roles ?? []).map((held) => held.team ?? ''), team]);
  const change =
    (name: string, usual = '') =>
    (event: { readonly currentTarget: HTMLSelectElement }) => {
      const { value } = event.currentTarget;
      setQuery({ [name]: value === usual ? undefined : value, sel: undefined });
    };
  const node = nodeNamed(around);
  return (
    <div class="graph-filter">
      {node !== undefined && (
        <span class="filter">
          <span class="quiet">
            {TEXTS.around} {KINDS[node.kind]}
          </span>{' '}
          <bdi>{nameOf(node)}</bdi>
          <select aria-label={TEXTS.steps} value={String(steps)} onChange={change('steps', '1')}>
            {STEPS.map((each) => (
              <option key={each} value={each}>
                {each} {each === 1 ? 'step' : 'steps'}
              </option>
            ))}
          </select>
          <button
            type="button"
            class="plain filter-remove"
            aria-label={TEXTS.everything}
            onClick={() => setQuery({ around: undefined, steps: undefined })}
          >
            <Icon name="close" />
          </button>
        </span>
      )}
      <label>
        {TEXTS.team}
        <select value={team} onChange={change('team')}>
          <option value="">{TEXTS.everyTeam}</option>
          {[...known]
            .filter((each) => each !== '' && each !== 'platform')
            .toSorted()
            .map((each) => (
              <option key={each} value={each}>
                {each}
              </option>
            ))}
        </select>
      </label>
      <label>
        {TEXTS.minRate}
        <select value={String(minRate)} onChange={change('min', '0')}>
          {RATES.map((each) => (
            <option key={each} value={each}>
              {each === 0 ? TEXTS.anyRate : perSecond(each)}
            </option>
          ))}
        </select>
      </label>
      <label>
        {TEXTS.edges}
        <select value={String(limit)} onChange={change('edges', String(EDGES[0]))}>
          {EDGES.map((each) => (
            <option key={each} value={each}>
              {whole(each)}
            </option>
          ))}
        </select>
      </label>
      <label class="graph-check">
        <input
          type="checkbox"
          checked={isOfErrors}
          onChange={(event) => setQuery({ errors: event.currentTarget.checked ? '1' : undefined, sel: undefined })}
        />
        {TEXTS.errorsOnly}
      </label>
    </div>
  );
}
