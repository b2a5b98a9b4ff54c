import type { JSX } from 'preact';
import type { SidecarJson } from '../../../../gen/ostiary/v1/sidecars_pb.js';
import { Field } from '../../parts/small.tsx';
import { here, setQuery } from '../../shell/router.ts';
import { TEXTS } from './texts.ts';
import { isFollowing, stateWords } from './words.ts';

/** The sidecar that the address names, or the first that can be asked. */
export function chosenNode(sidecars: readonly SidecarJson[]): string {
  const named = here.value.searchParams.get('node') ?? '';
  return named === '' ? (sidecars.find(isFollowing)?.node ?? '') : named;
}

/** Which sidecar is asked: the address names it. */
export function SidecarSelect({
  id,
  sidecars,
}: {
  readonly id: string;
  readonly sidecars: readonly SidecarJson[];
}): JSX.Element {
  const chosen = chosenNode(sidecars);
  const isKnown = sidecars.some(({ node }) => node === chosen);
  return (
    <Field label={TEXTS.atSidecar} id={id}>
      <select
        id={id}
        value={chosen}
        onChange={({ currentTarget }) => setQuery({ node: currentTarget.value }, 'replace')}
      >
        {!isKnown && <option value={chosen}>{chosen === '' ? 'none follows now' : chosen}</option>}
        {sidecars.map((each) => (
          <option key={each.node} value={each.node} disabled={!isFollowing(each)}>
            {each.node}
            {isFollowing(each) ? '' : ` (${stateWords(each.state).text})`}
          </option>
        ))}
      </select>
    </Field>
  );
}
