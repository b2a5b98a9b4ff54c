import type { JSX } from 'preact';
import type { CompletenessJson } from '../../../../gen/ostiary/v1/analytics_pb.js';
import { Given, Time } from '../../parts/small.tsx';
import { percent, whole } from './formats.ts';
import { TEXTS } from './texts.ts';

/** How much of what happened an answer covers; with what is missing, and by whom. */
export function Completeness({ of }: { readonly of: CompletenessJson | undefined }): JSX.Element {
  if (of === undefined) return <p class="complete quiet">{TEXTS.partOnly}</p>;
  const [decided, reported, unreported, unknown, open, folded] = [
    of.decided,
    of.reported,
    of.unreported,
    of.unknown,
    of.open,
    of.folded,
  ].map(Number0) as [number, number, number, number, number, number];
  const { missing = [], missingNodes = 0, unreportedBy = [] } = of;
  const settled = decided - open;
  const share = settled > 0 ? reported / settled : undefined;
  const headline =
    decided === 0
      ? TEXTS.nothingDecided
      : share === undefined
        ? TEXTS.nothingReported
        : TEXTS.reported(percent(share), whole(settled));
  const lines = [
    unreported > 0 && TEXTS.unreported(whole(unreported)),
    unknown > 0 && TEXTS.unknown(whole(unknown)),
    open > 0 && TEXTS.under(whole(open)),
    folded > 0 && TEXTS.folded(whole(folded)),
  ].filter((line) => line !== false);
  const tone = share === undefined || share >= 0.999 ? 'good' : share >= 0.99 ? 'warning' : 'bad';
  const isWhole = lines.length === 0 && missingNodes === 0;
  const head = (
    <>
      <i class={`complete-mark ${missingNodes > 0 && tone === 'good' ? 'warning' : tone}`} />
      {headline}
    </>
  );
  if (isWhole) return <p class="complete quiet">{head}</p>;
  return (
    <details class="complete">
      <summary class="quiet">
        {head}
        <span class="complete-more">{TEXTS.whatIsMissing}</span>
      </summary>
      <div class="complete-body">
        <ul>
          {lines.map((line) => (
            <li key={line}>{line}</li>
          ))}
        </ul>
        {unreportedBy.length > 0 && (
          <>
            <h3>{TEXTS.byEnvoys}</h3>
            <ul>
              {unreportedBy.map(({ envoy, unreported: count }) => (
                <li key={envoy}>
                  <Given text={envoy} /> {whole(Number(count ?? 0))}
                </li>
              ))}
            </ul>
          </>
        )}
        {missingNodes > 0 && (
          <>
            <h3>{TEXTS.missingNodes}</h3>
            <ul>
              {missing.map(({ node, since }) => (
                <li key={node}>
                  <Given text={node} /> {TEXTS.since} <Time at={since} />
                </li>
              ))}
              {missingNodes > missing.length && <li>+ {whole(missingNodes - missing.length)}</li>}
            </ul>
          </>
        )}
        <p class="quiet">{TEXTS.reportedAll}</p>
      </div>
    </details>
  );
}

function Number0(value: string | undefined): number {
  return Number(value ?? 0);
}
