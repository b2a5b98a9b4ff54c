import type { ComponentChildren, JSX } from 'preact';
import type { CatalogTierJson } from '../../../../gen/ostiary/v1/catalog_pb.js';
import { limitsText } from './limits.ts';
import { approvalText } from './words.ts';

export interface TierPicksProps {
  /** Of its inputs: one of a page. */
  readonly name: string;
  readonly tiers: readonly CatalogTierJson[];
  readonly picked: string | undefined;
  readonly onPick: (tier: string) => void;
  /** Below the tiers. */
  readonly children?: ComponentChildren;
}

/** One of the tiers of an API, with its limits and who approves it. */
export function TierPicks({ name, tiers, picked, onPick, children }: TierPicksProps): JSX.Element {
  return (
    <fieldset class="picks">
      <legend>Tier</legend>
      {tiers.map((each) => (
        <label key={each.name} class="pick">
          <input type="radio" name={name} checked={each.name === picked} onChange={() => onPick(each.name ?? '')} />
          <span>
            <strong>
              <bdi>{each.name}</bdi>
            </strong>
            <span class="quiet"> approved {approvalText(each)}</span>
            <br />
            {limitsText(each.limits)}
          </span>
        </label>
      ))}
      {children}
    </fieldset>
  );
}
