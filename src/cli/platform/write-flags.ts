import { duration, oneOf, text, toggle } from '../../flags.ts';

/** What all commands that write take. */
export const writeFlags = {
  reason: text(undefined, 'TEXT', 'why, for the audit log'),
  wait: {
    ...duration(0, 'wait so long for all sidecars to enforce it, and tell how many do; exit code 3 if one does not'),
    shown: 'does not wait',
  },
  dryRun: toggle('check and compare, and write nothing'),
  output: { ...oneOf('text', ['text', 'json'], 'lines for people, or JSON'), short: 'o' },
};

/** A duration in protobuf's JSON; undefined: none. */
export function waitOf(waitMs: number): string | undefined {
  return waitMs === 0 ? undefined : `${waitMs / 1000}s`;
}
