import { signal } from '@preact/signals';
import { onReturned } from '../api/live.ts';

/** The control plane has the files of another release. */
export const isOutdated = signal(false);

/** Looks, whenever the control plane is back, whether it still serves the script that runs here. */
export function watchRelease(): void {
  onReturned(() => void compare());
}

async function compare(): Promise<void> {
  const script = document.querySelector<HTMLScriptElement>('script[src]');
  if (script === null) return;
  try {
    const answer = await fetch('/', { headers: { accept: 'text/html' } });
    // Its name changes with what is in it.
    if (answer.ok && !(await answer.text()).includes(new URL(script.src).pathname)) isOutdated.value = true;
  } catch {
    // It is away again.
  }
}
