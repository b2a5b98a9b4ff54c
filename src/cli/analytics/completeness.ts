import type { Completeness } from '../../../gen/ostiary/v1/analytics_pb.js';
import { shown } from './shown.ts';
import { moment, percent, whole } from './units.ts';
import { isoOf, msOf } from './usage.ts';

/** The most names in the line; further ones are counted. */
const NAMED_ENVOYS = 3;
const NAMED_NODES = 3;

/**
 * One line that says how much of what happened the answer covers.
 * @param counted what the answer counts: incompleteness may be the reason if it is nothing
 */
export function completenessLine(completeness: Completeness | undefined, counted = 0n): string {
  const missing = missingText(completeness);
  return [decisionsText(completeness, counted), missing].filter((part) => part !== '').join('; ');
}

function decisionsText(completeness: Completeness | undefined, counted: bigint): string {
  const { decided = 0n, reported = 0n, unreported = 0n, unknown = 0n, open = 0n, folded = 0n } = completeness ?? {};
  if (decided === 0n) {
    return counted > 0n
      ? 'how many decisions were not reported is not known of this time'
      : 'no decision was counted in this time: see --since, and whether Envoy streams its access log';
  }
  const settled = decided - open;
  const parts = [
    settled > 0n
      ? `${percent(Number(reported) / Number(settled))} of ${whole(settled)} decisions reported`
      : 'no decision reported yet',
    unreported > 0n ? `${whole(unreported)} not reported${envoysOf(completeness)}` : '',
    unknown > 0n ? `${whole(unknown)} nobody can tell of` : '',
    open > 0n ? `${whole(open)} under way` : '',
    folded > 0n ? `${whole(folded)} counted under _other` : '',
  ];
  return parts.filter((part) => part !== '').join('; ');
}

function envoysOf(completeness: Completeness | undefined): string {
  const names = completeness?.unreportedBy.map(({ envoy }) => shown(envoy)) ?? [];
  if (names.length === 0) return '';
  const more = names.length - NAMED_ENVOYS;
  return ` by ${names.slice(0, NAMED_ENVOYS).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

/** `counts of 2 sidecars are missing: eu-1 since 2026-11-28 12:00:00`. */
function missingText(completeness: Completeness | undefined): string {
  const { missing = [], missingNodes = 0 } = completeness ?? {};
  if (missingNodes === 0) return '';
  const named = missing.slice(0, NAMED_NODES).map(({ node, since }) => `${shown(node)} since ${moment(msOf(since))}`);
  const more = missingNodes - named.length;
  const whose = missingNodes === 1 ? 'a sidecar' : `${whole(missingNodes)} sidecars`;
  return `counts of ${whose} are missing: ${named.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

/** Numbers instead of the texts that protobuf's JSON has for them. */
export function completenessJson(completeness: Completeness | undefined): object {
  const { decided = 0n, reported = 0n, unreported = 0n, unknown = 0n, open = 0n, folded = 0n } = completeness ?? {};
  return {
    decided: Number(decided),
    reported: Number(reported),
    unreported: Number(unreported),
    unknown: Number(unknown),
    open: Number(open),
    folded: Number(folded),
    unreportedBy: (completeness?.unreportedBy ?? []).map((each) => ({
      envoy: each.envoy,
      decided: Number(each.decided),
      unreported: Number(each.unreported),
    })),
    missing: (completeness?.missing ?? []).map(({ node, since }) => ({ node, since: isoOf(since) })),
    missingNodes: completeness?.missingNodes ?? 0,
  };
}
