import { signal } from '@preact/signals';
import type { JSX } from 'preact';
import { TEXTS } from '../texts.ts';
import { Icon } from './icon.tsx';

interface Toast {
  readonly id: number;
  readonly text: string;
  readonly isFault: boolean;
}

const toasts = signal<readonly Toast[]>([]);
const SHOWN_MS = 6000;
/** More at once would cover what they are about. */
const MOST = 4;
let last = 0;

/** Tells for a few seconds what has happened. A fault stays until it is closed. */
export function toast(text: string, isFault = false): void {
  const id = ++last;
  toasts.value = [...toasts.value, { id, text, isFault }].slice(-MOST);
  if (!isFault) setTimeout(() => close(id), SHOWN_MS);
}

function close(id: number): void {
  toasts.value = toasts.value.filter((each) => each.id !== id);
}

export function Toasts(): JSX.Element {
  return (
    <div class="toasts" role="status" aria-live="polite">
      {toasts.value.map(({ id, text, isFault }) => (
        <p key={id} class={isFault ? 'toast fault' : 'toast'}>
          <bdi>{text}</bdi>
          <button type="button" aria-label={TEXTS.close} onClick={() => close(id)}>
            <Icon name="close" />
          </button>
        </p>
      ))}
    </div>
  );
}
