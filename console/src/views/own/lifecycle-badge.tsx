import type { JSX } from 'preact';
import { Badge } from '../../parts/small.tsx';
import type { Tone } from '../../parts/small.tsx';
import { TEXTS } from './texts.ts';

const TONES: Readonly<Record<string, Tone>> = { published: 'good', deprecated: 'warning', retired: 'bad' };

export function LifecycleBadge({ lifecycle }: { readonly lifecycle: string | undefined }): JSX.Element {
  const known = lifecycle === undefined || lifecycle === '' ? 'none' : lifecycle;
  return <Badge tone={TONES[known] ?? 'plain'}>{TEXTS.lifecycles[known] ?? known}</Badge>;
}
