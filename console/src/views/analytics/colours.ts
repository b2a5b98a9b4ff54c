import { useEffect, useState } from 'preact/hooks';
import { theme } from '../../shell/theme.ts';

/** Lines of one chart, apart for whoever sees no red or no green too (after Okabe and Ito); more are grey. */
export const MOST_COLOURS = 6;

export interface Colours {
  readonly lines: readonly string[];
  readonly text: string;
  readonly quiet: string;
  readonly line: string;
  readonly border: string;
  readonly gap: string;
  readonly ground: string;
  readonly raised: string;
  readonly accentGround: string;
  readonly accent: string;
}

export function lineColour({ lines, quiet }: Colours, at: number): string {
  return lines[at] ?? quiet;
}

/** The class of a mark in a legend. */
export function markClass(at: number): string {
  return `chart-mark of-${at < MOST_COLOURS ? at + 1 : 'other'}`;
}

/** Colours as a canvas takes them: those of the style sheet, in the look that is chosen. */
export function useColours(): Colours {
  const [colours, setColours] = useState(colourNow);
  const chosen = theme.value;
  useEffect(() => {
    const read = (): void => {
      const now = colourNow();
      setColours((before) => (JSON.stringify(before) === JSON.stringify(now) ? before : now));
    };
    // The style has followed by the next frame.
    const frame = requestAnimationFrame(read);
    const dark = matchMedia('(prefers-color-scheme: dark)');
    dark.addEventListener('change', read);
    return () => {
      cancelAnimationFrame(frame);
      dark.removeEventListener('change', read);
    };
  }, [chosen]);
  return colours;
}

function colourNow(): Colours {
  const probe = document.createElement('i');
  document.body.append(probe);
  const colour = (name: string): string => {
    probe.style.color = `var(--${name})`;
    return getComputedStyle(probe).color;
  };
  const colours = {
    lines: Array.from({ length: MOST_COLOURS }, (_, at) => colour(`chart-${at + 1}`)),
    text: colour('text'),
    quiet: colour('quiet'),
    line: colour('line'),
    border: colour('line-button'),
    gap: colour('chart-gap'),
    ground: colour('ground'),
    raised: colour('raised'),
    accentGround: colour('accent-ground'),
    accent: colour('accent'),
  };
  probe.remove();
  return colours;
}
