import type { JSX } from 'preact';
import { agoWords } from './words.ts';

const TIME = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' });

/** How long ago something was; the moment itself is told to who points at it. @param at in RFC 3339 */
export function Ago({ at }: { readonly at: string | undefined }): JSX.Element {
  const text = agoWords(at, Date.now());
  if (at === undefined || text === 'never') return <span class="quiet">never</span>;
  return (
    <time dateTime={at} title={TIME.format(new Date(at))}>
      {text}
    </time>
  );
}
