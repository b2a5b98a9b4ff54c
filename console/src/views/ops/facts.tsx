import type { ComponentChildren, JSX } from 'preact';

/** Names and their values, beside each other; what is not known is left out. */
export function Facts({
  of,
}: {
  readonly of: readonly (readonly [name: string, value: ComponentChildren | undefined])[];
}): JSX.Element {
  return (
    <dl class="ops-facts">
      {of.map(
        ([name, value]) =>
          value !== undefined &&
          value !== '' && (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ),
      )}
    </dl>
  );
}
