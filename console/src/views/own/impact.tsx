import type { JSX } from 'preact';
import type { ConcernedJson, ImpactJson } from '../../../../gen/ostiary/v1/resources_pb.js';
import { Given } from '../../parts/small.tsx';
import { count } from './traffic.tsx';

const ROWS = [
  ['apis', 'API', 'APIs'],
  ['clients', 'client application', 'client applications'],
  ['contracts', 'contract', 'contracts'],
  ['sidecars', 'sidecar', 'sidecars'],
] as const;

/** Whom a change concerns. */
export function Impact({ impact }: { readonly impact: ImpactJson | undefined }): JSX.Element {
  const rows = ROWS.filter(([field]) => (impact?.[field]?.count ?? 0) > 0);
  if (rows.length === 0) return <p class="quiet">Nobody notices this.</p>;
  return (
    <ul class="own-impact">
      {rows.map(([field, one, many]) => {
        const { count: number = 0, names = [] }: ConcernedJson = impact?.[field] ?? {};
        return (
          <li key={field}>
            <strong>{count(number)}</strong> {number === 1 ? one : many}
            {names.length > 0 && (
              <span class="own-names">
                {names.map((name) => (
                  <Given key={name} text={name} />
                ))}
                {number > names.length && <span class="quiet">and {count(number - names.length)} more</span>}
              </span>
            )}
          </li>
        );
      })}
    </ul>
  );
}
