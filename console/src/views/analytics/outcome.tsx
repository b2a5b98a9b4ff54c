import type { JSX } from 'preact';
import type { SampleJson } from '../../../../gen/ostiary/v1/analytics_pb.js';
import { Badge } from '../../parts/small.tsx';
import type { Tone } from '../../parts/small.tsx';
import { valueText } from './texts.ts';

/** How a request ended, or why it was refused. */
export function Outcome({ of: { outcome = '', reason = '', status = 0 } }: { readonly of: SampleJson }): JSX.Element {
  const tone: Tone = outcome === 'blocked' ? 'warning' : status >= 500 || status === 0 ? 'bad' : 'good';
  return <Badge tone={tone}>{reason === '' ? valueText('outcome', outcome) : valueText('reason', reason)}</Badge>;
}
