import { describe, expect, it } from 'vitest';
import { advance, shifted } from '../../src/alerts/state.ts';
import type { AlertState } from '../../src/alerts/state.ts';

const MINUTE = 60_000;

/** What becomes of an alert whose condition holds or not, minute by minute. */
function told(holds: readonly boolean[], forMs: number): readonly string[] {
  let state: AlertState | undefined;
  return holds.map((each, at) => {
    const step = advance(state, { holds: each, value: at, nowMs: at * MINUTE, forMs, gapMs: 2 * MINUTE });
    state = step.state;
    return `${step.state?.status ?? 'inactive'}${step.transition === undefined ? '' : ` ${step.transition}`}`;
  });
}

describe('an alert', () => {
  it('fires at once where it need not hold for long, and tells once', () => {
    expect(told([false, true, true, false], 0)).toEqual(['inactive', 'firing firing', 'firing', 'inactive resolved']);
  });

  it('is pending until it has held for as long as it must', () => {
    expect(told([true, true, true, true], 2 * MINUTE)).toEqual(['pending', 'pending', 'firing firing', 'firing']);
  });

  it('begins anew where it did not hold once, and tells nobody', () => {
    expect(told([true, true, false, true, true, true], 2 * MINUTE)).toEqual([
      'pending',
      'pending',
      'inactive',
      'pending',
      'pending',
      'firing firing',
    ]);
  });

  it('that is pending begins anew after a time in which nobody looked', () => {
    const pending: AlertState = { status: 'pending', sinceMs: 0, seenMs: MINUTE, value: 1 };
    const at = (nowMs: number) =>
      advance(pending, { holds: true, value: 1, nowMs, forMs: 4 * MINUTE, gapMs: 2 * MINUTE });
    expect(at(3 * MINUTE).state).toMatchObject({ status: 'pending', sinceMs: 0 });
    expect(at(60 * MINUTE).state).toMatchObject({ status: 'pending', sinceMs: 60 * MINUTE });
  });

  it('that fires still fires after a time in which nobody looked', () => {
    const firing: AlertState = { status: 'firing', sinceMs: 0, seenMs: MINUTE, value: 1 };
    const step = advance(firing, { holds: true, value: 2, nowMs: 60 * MINUTE, forMs: 0, gapMs: 2 * MINUTE });
    expect(step).toEqual({ state: { status: 'firing', sinceMs: 0, seenMs: 60 * MINUTE, value: 2 } });
  });

  it('whose clock was set back is not pending for longer', () => {
    const pending: AlertState = { status: 'pending', sinceMs: 60 * MINUTE, seenMs: 61 * MINUTE, value: 1 };
    const observed = { holds: true, value: 1, nowMs: MINUTE, forMs: 2 * MINUTE, gapMs: 2 * MINUTE };
    expect(advance(pending, observed).state?.sinceMs).toBe(MINUTE);
    expect(advance(shifted(pending, -60 * MINUTE), observed).state?.sinceMs).toBe(0);
  });
});
