import type { JSX } from 'preact';
import type { DifferenceJson } from '../../../../gen/ostiary/v1/resources_pb.js';
import { valueAt } from '../../forms/inputs.ts';
import type { Path } from '../../forms/inputs.ts';
import { placeWords } from '../../forms/paths.ts';
import { differingPaths, yamlOf } from '../../forms/yaml-draft.ts';
import { Given } from '../../parts/small.tsx';

const EFFECTS: Readonly<Record<string, string>> = {
  EFFECT_CREATED: 'new',
  EFFECT_CHANGED: 'changed',
  EFFECT_DELETED: 'deleted',
};
const MOST_LINES = 40;

/** Each place that differs, before and after. */
export function Differences({ differences }: { readonly differences: readonly DifferenceJson[] }): JSX.Element {
  const shown = differences.filter(({ effect }) => effect !== 'EFFECT_UNCHANGED');
  if (shown.length === 0) return <p class="quiet">Nothing differs.</p>;
  return (
    <>
      {shown.map(({ after, before, effect, resource }, at) => (
        <section key={at} class="own-difference">
          <h3>
            {resource?.kind} <Given text={resource?.name} /> <span class="quiet">{EFFECTS[effect ?? ''] ?? ''}</span>
          </h3>
          {effect === 'EFFECT_CREATED' ? (
            <pre tabIndex={0} class="own-after">
              {cut(yamlOf(after))}
            </pre>
          ) : (
            differingPaths(before, after).map((path) => (
              <Place key={path.join('/')} path={path} before={before} after={after} />
            ))
          )}
        </section>
      ))}
    </>
  );
}

function Place({
  after,
  before,
  path,
}: {
  readonly path: Path;
  readonly before: unknown;
  readonly after: unknown;
}): JSX.Element {
  const [earlier, later] = [valueAt(before, path), valueAt(after, path)];
  return (
    <div class="own-place-diff">
      <p>{placeWords(later === undefined ? before : after, path)}</p>
      {earlier !== undefined && (
        <pre tabIndex={0} class="own-before">
          <span class="unseen">Before: </span>
          {cut(yamlOf(earlier))}
        </pre>
      )}
      {later !== undefined && (
        <pre tabIndex={0} class="own-after">
          <span class="unseen">After: </span>
          {cut(yamlOf(later))}
        </pre>
      )}
    </div>
  );
}

function cut(text: string): string {
  const lines = text.trimEnd().split('\n');
  return lines.length <= MOST_LINES
    ? lines.join('\n')
    : `${lines.slice(0, MOST_LINES).join('\n')}\n… ${lines.length - MOST_LINES} more lines`;
}
