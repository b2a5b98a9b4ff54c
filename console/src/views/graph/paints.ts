import { useColours } from '../analytics/colours.ts';
import type { Paints } from './paint.ts';
import { useMemo } from 'preact/hooks';

/** The colours of the drawing, in the look that is chosen: blue works, purple is refused, orange fails. */
export function usePaints(): Paints {
  const colours = useColours();
  return useMemo(() => {
    const { ground, raised, border, text, quiet, accent, accentGround, lines } = colours;
    const [good = quiet, failing = quiet, , denied = quiet] = lines;
    return { ground, raised, line: border, text, quiet, accent, accentGround, tones: { good, denied, failing } };
  }, [colours]);
}
