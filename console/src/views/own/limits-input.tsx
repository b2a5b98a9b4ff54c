import type { JSX } from 'preact';
import { inWords } from '../../forms/labels.ts';
import { OTHER, periodOf, PERIODS, withPeriod } from '../../forms/limit-row.ts';
import { isRecord } from '../../forms/node.ts';
import type { FormNode } from '../../forms/node.ts';
import { faultAt } from '../../forms/paths.ts';
import { Icon } from '../../parts/icon.tsx';
import { Leaf } from './form-leaf.tsx';
import { idOf } from './form-props.ts';
import type { FormProps } from './form-props.ts';

const NUMBER: FormNode = { kind: 'number', isWhole: true, least: 0, most: undefined };
const TEXT: FormNode = { kind: 'text', isSecret: false, isLong: false };
const FIRST = { maximumRequests: 100, timePeriodInMilliseconds: 1000 };

/** Limits, one a line, as one says them: so many requests a second. */
export function LimitsInput(props: FormProps): JSX.Element {
  const { faults, label, onChange, path, value } = props;
  const limits = (Array.isArray(value) ? value : []).map((each: unknown) => (isRecord(each) ? each : {}));
  const remove = (at: number): void => {
    const rest = limits.filter((_, place) => place !== at);
    onChange(path, rest.length === 0 ? undefined : rest);
  };
  return (
    <div class="own-limits">
      {limits.map((limit, at) => {
        const own = [...path, at];
        const period = periodOf(limit);
        const fault = faultAt(faults, own, true);
        const words = inWords(limit['timePeriodInMilliseconds'], 'ms');
        return (
          <div
            key={at}
            class={fault === undefined ? 'own-limit-row' : 'own-limit-row field faulty'}
            role="group"
            aria-label={`${label} ${at + 1}`}
          >
            <label class="unseen" for={idOf([...own, 'maximumRequests'])}>
              Maximum requests
            </label>
            <Leaf
              {...props}
              node={NUMBER}
              path={[...own, 'maximumRequests']}
              value={limit['maximumRequests']}
              ifAbsent={undefined}
              label="Maximum requests"
            />
            <span>requests</span>
            <select
              aria-label="Period"
              value={period}
              onChange={({ currentTarget }) => onChange(own, withPeriod(limit, currentTarget.value))}
            >
              {PERIODS.map(([each, said]) => (
                <option key={each} value={each}>
                  {said}
                </option>
              ))}
              <option value={OTHER}>in …</option>
            </select>
            {period === OTHER && (
              <span class="own-other-period">
                <label class="unseen" for={idOf([...own, 'timePeriodInMilliseconds'])}>
                  Time period in milliseconds
                </label>
                <Leaf
                  {...props}
                  node={NUMBER}
                  path={[...own, 'timePeriodInMilliseconds']}
                  value={limit['timePeriodInMilliseconds']}
                  ifAbsent={undefined}
                  label="Time period"
                />
                <span class="quiet">ms{words === undefined ? '' : `, ${words}`}</span>
              </span>
            )}
            {limit['calendar'] !== undefined && (
              <span class="own-other-period">
                <label class="unseen" for={idOf([...own, 'timeZone'])}>
                  Time zone
                </label>
                <Leaf
                  {...props}
                  node={TEXT}
                  path={[...own, 'timeZone']}
                  value={limit['timeZone']}
                  ifAbsent="UTC"
                  label="Time zone"
                />
              </span>
            )}
            <button
              type="button"
              class="plain square"
              aria-label={`Remove ${label} ${at + 1}`}
              onClick={() => remove(at)}
            >
              <Icon name="close" />
            </button>
            {typeof limit['name'] === 'string' && (
              <span class="quiet">
                named <bdi>{limit['name']}</bdi>
              </span>
            )}
            {fault !== undefined && (
              <p class="fault" id={`${idOf([...own, 'maximumRequests'])}-fault`} role="alert">
                {fault}
              </p>
            )}
          </div>
        );
      })}
      <button type="button" class="own-add" onClick={() => onChange([...path, limits.length], FIRST)}>
        Add a limit
      </button>
    </div>
  );
}
