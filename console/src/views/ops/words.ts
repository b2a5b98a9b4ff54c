import type { RejectionFaultJson } from '../../../../gen/ostiary/v1/sync_pb.js';
import type { SidecarJson } from '../../../../gen/ostiary/v1/sidecars_pb.js';
import type { Tone } from '../../parts/small.tsx';

export interface StateWords {
  readonly text: string;
  readonly tone: Tone;
  /** What it means for whoever has to act. */
  readonly help: string;
}

/** What sidecars may be, the worst first. */
export const STATES: Readonly<Record<string, StateWords>> = {
  SIDECAR_STATE_FAULTY: {
    text: 'faulty',
    tone: 'bad',
    help: 'It could not put the last revision in force, and enforces the one before.',
  },
  SIDECAR_STATE_UNKNOWN_HISTORY: {
    text: 'another history',
    tone: 'bad',
    help: 'It follows the log of another database, such as from before a backup was restored, and takes nothing from here.',
  },
  SIDECAR_STATE_UNREACHABLE: {
    text: 'not connected',
    tone: 'warning',
    help: 'It does not follow now. It goes on with what it has for as long as it may.',
  },
  SIDECAR_STATE_STALE: {
    text: 'stale',
    tone: 'warning',
    help: 'It has been away for longer than it serves without contact. Receipts do not count it.',
  },
  SIDECAR_STATE_PENDING: {
    text: 'catching up',
    tone: 'warning',
    help: 'It follows, and has not acknowledged the latest revision yet.',
  },
  SIDECAR_STATE_IN_SYNC: { text: 'in sync', tone: 'good', help: 'It enforces the latest revision.' },
  SIDECAR_STATE_LEFT: { text: 'ended', tone: 'plain', help: 'It has said that it ends. Receipts do not count it.' },
};

const UNKNOWN: StateWords = { text: 'not known', tone: 'plain', help: '' };

export function stateWords(state: string | undefined): StateWords {
  return STATES[state ?? ''] ?? UNKNOWN;
}

/** Whether a sidecar can be asked something now. */
export function isFollowing({ state }: SidecarJson): boolean {
  return ['SIDECAR_STATE_IN_SYNC', 'SIDECAR_STATE_PENDING', 'SIDECAR_STATE_FAULTY'].includes(state ?? '');
}

/** @param duration as protobuf's JSON has it, such as `12.5s` @returns seconds; undefined: there is none */
export function secondsOf(duration: string | undefined): number | undefined {
  const seconds = Number.parseFloat(duration ?? '');
  return Number.isFinite(seconds) ? seconds : undefined;
}

const UNITS: readonly (readonly [seconds: number, name: string])[] = [
  [86_400, 'd'],
  [3600, 'h'],
  [60, 'min'],
  [1, 's'],
];

/** Such as `3 min`: the largest unit of which there is a whole one. */
export function lengthWords(seconds: number): string {
  for (const [length, name] of UNITS) if (seconds >= length) return `${Math.floor(seconds / length)} ${name}`;
  return 'under 1 s';
}

/** @param at in RFC 3339 */
export function agoWords(at: string | undefined, nowMs: number): string {
  const ms = at === undefined ? Number.NaN : Date.parse(at);
  if (Number.isNaN(ms)) return 'never';
  const seconds = (nowMs - ms) / 1000;
  return seconds < 1 ? 'now' : `${lengthWords(seconds)} ago`;
}

/** How many revisions a sidecar is behind. */
export function behind(head: string | undefined, revision: string | undefined): number {
  return Math.max(0, Number(head ?? 0) - Number(revision ?? 0));
}

export interface FaultyDocument {
  /** Kind and name, with its revision. */
  readonly resource: string;
  readonly faults: readonly RejectionFaultJson[];
}

/** Faults by the document that they are in, in the order in which they were told. */
export function faultsByDocument(faults: readonly RejectionFaultJson[]): readonly FaultyDocument[] {
  return [...Map.groupBy(faults, ({ resource = '' }) => resource)].map(([resource, ofIt]) => ({
    resource,
    faults: ofIt,
  }));
}

/** How many sidecars are in which state, the worst state first. */
export function countedStates(sidecars: readonly SidecarJson[]): readonly (readonly [state: string, count: number])[] {
  return Object.keys(STATES)
    .map((state) => [state, sidecars.filter((each) => each.state === state).length] as const)
    .filter(([, count]) => count > 0);
}

/** Sidecars that are shown: those with problems first, then by name. */
export function shownSidecars(
  sidecars: readonly SidecarJson[],
  { state, search }: { readonly state: string; readonly search: string },
): readonly SidecarJson[] {
  const order = Object.keys(STATES);
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  const textOf = ({ labels = {}, node = '', version = '' }: SidecarJson): string =>
    `${node} ${version} ${Object.entries(labels)
      .map(([name, value]) => `${name}=${value}`)
      .join(' ')}`.toLowerCase();
  return sidecars
    .filter((each) => state === '' || each.state === state)
    .filter((each) => words.every((word) => textOf(each).includes(word)))
    .toSorted(
      (a, b) =>
        order.indexOf(a.state ?? '') - order.indexOf(b.state ?? '') || (a.node ?? '').localeCompare(b.node ?? ''),
    );
}
