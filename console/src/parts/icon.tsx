import type { JSX } from 'preact';

/** Drawn on a square of 16, by lines. */
const PATHS = {
  alert: 'M8 5.2v3.6M8 11v.1M7.1 2.3 1.6 12a1 1 0 0 0 .9 1.6h11a1 1 0 0 0 .9-1.6L8.9 2.3a1 1 0 0 0-1.8 0Z',
  away: 'M2 2l12 12M4.3 4.6A5.6 5.6 0 0 0 4 13h8.2M6.3 3.2A5.5 5.5 0 0 1 12.2 7a3.2 3.2 0 0 1 2.2 4.8',
  check: 'M3 8.5l3.2 3.2L13 5',
  close: 'M4 4l8 8M12 4l-8 8',
  copy: 'M5.5 5.5v-3h8v8h-3M2.5 5.5h8v8h-8z',
  down: 'M4 6.2 8 10l4-3.8',
  empty: 'M2 9.5 4 3h8l2 6.5V13H2V9.5Zm0 0h3.5l1 1.8h3l1-1.8H14',
  lock: 'M4 7h8v6.5H4zM5.5 7V5a2.5 2.5 0 0 1 5 0v2M8 9.7v1.3',
  menu: 'M2 4h12M2 8h12M2 12h12',
  out: 'M6 3H3v10h3M7 8h7M11.2 5.2 14 8l-2.8 2.8',
  right: 'M6.2 4 10 8l-3.8 4',
  search: 'M7 2.5a4.5 4.5 0 1 1 0 9 4.5 4.5 0 0 1 0-9ZM10.3 10.3 14 14',
} as const;

export type IconName = keyof typeof PATHS;

/** A sign beside words that say the same; where there are none, the button has a label. */
export function Icon({ name }: { readonly name: IconName }): JSX.Element {
  return (
    <svg
      class="icon"
      viewBox="0 0 16 16"
      fill="none"
      stroke="currentColor"
      stroke-width="1.4"
      stroke-linecap="round"
      stroke-linejoin="round"
      aria-hidden="true"
    >
      <path d={PATHS[name]} />
    </svg>
  );
}

/** A door with its keyhole. */
export function Brand(): JSX.Element {
  return (
    <svg viewBox="3 2 18 21" fill="none" aria-hidden="true">
      <path d="M4 22V11a8 8 0 0 1 16 0v11Z" fill="currentColor" />
      <path d="M12 9.2a2.4 2.4 0 0 1 1.2 4.5l.8 4.3h-4l.8-4.3A2.4 2.4 0 0 1 12 9.2Z" fill="var(--raised)" />
    </svg>
  );
}
