import { signal } from '@preact/signals';

export type Theme = 'system' | 'light' | 'dark';

const KEY = 'ostiary-theme';

function kept(): Theme {
  try {
    const text = localStorage.getItem(KEY);
    return text === 'light' || text === 'dark' ? text : 'system';
  } catch {
    // Browsers may keep nothing.
    return 'system';
  }
}

/** What the reader has chosen, in this browser. */
export const theme = signal<Theme>(kept());
show(theme.value);

export function choose(chosen: Theme): void {
  theme.value = chosen;
  show(chosen);
  try {
    if (chosen === 'system') localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, chosen);
  } catch {
    // It counts until the page is left.
  }
}

function show(chosen: Theme): void {
  if (chosen === 'system') delete document.documentElement.dataset['theme'];
  else document.documentElement.dataset['theme'] = chosen;
}
