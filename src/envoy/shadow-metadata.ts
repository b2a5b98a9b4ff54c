import type { Step } from '../decision/decision.ts';

/** The longest text, because Envoy keeps it with each request. If more does not fit, the first results are written. */
const LONGEST = 2048;

/**
 * What policies in shadow mode would have denied: `NAME:REASON`, in their order, with commas between. Empty where none would
 * have. Names of policies have neither sign.
 */
export function toldOfShadows(steps: readonly Step[]): string {
  let told = '';
  for (const { mode, name, result, denial } of steps) {
    if (mode !== 'shadow' || result !== 'deny' || denial === undefined) continue;
    const one = `${name}:${denial.reason}`;
    if (told.length + one.length >= LONGEST) break;
    told += told === '' ? one : `,${one}`;
  }
  return told;
}
