import type { JSX } from 'preact';
import { connection } from '../api/live.ts';
import { Brand, Icon } from '../parts/icon.tsx';
import { TEXTS } from '../texts.ts';
import { isMenuOpen } from './menu.tsx';
import { openPalette } from './palette.tsx';
import { Who } from './who.tsx';

/** What is above every view. */
export function Bar(): JSX.Element {
  return (
    <header class="bar">
      <button
        class="menu-button plain square"
        type="button"
        aria-label={TEXTS.menu}
        aria-expanded={isMenuOpen.value}
        aria-controls="menu"
        onClick={() => (isMenuOpen.value = !isMenuOpen.value)}
      >
        <Icon name="menu" />
      </button>
      <a class="brand" href="/">
        <Brand />
        ostiary
      </a>
      <button class="find" type="button" aria-label={TEXTS.find} aria-keyshortcuts="/ Control+K" onClick={openPalette}>
        <Icon name="search" />
        <span>{TEXTS.find}</span>
        <kbd>/</kbd>
      </button>
      <div class="bar-end">
        <span role="status">
          {connection.value === 'away' && (
            <span class="connection" title={TEXTS.awayHelp}>
              {TEXTS.away}
            </span>
          )}
        </span>
        <Who />
      </div>
    </header>
  );
}
