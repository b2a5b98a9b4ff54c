import type { JSX } from 'preact';
import { Badge } from '../../parts/small.tsx';
import type { Tone } from '../../parts/small.tsx';

const TONES: Readonly<Record<string, Tone>> = { published: 'good', deprecated: 'warning', retired: 'bad' };

/** What is as it should be needs no sign in a list. */
export function Lifecycle({
  of,
  isQuiet = false,
}: {
  readonly of: string | undefined;
  readonly isQuiet?: boolean;
}): JSX.Element | null {
  if (of === undefined || of === '' || (isQuiet && of === 'published')) return null;
  return <Badge tone={TONES[of] ?? 'plain'}>{of}</Badge>;
}
