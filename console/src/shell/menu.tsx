import { signal } from '@preact/signals';
import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { Brand, Icon } from '../parts/icon.tsx';
import { TEXTS } from '../texts.ts';
import { NAVIGATION } from './navigation.ts';

/** Where the window is narrow, the menu lies over the page. */
export const isMenuOpen = signal(false);

export function Menu({ path }: { readonly path: string }): JSX.Element {
  const isOpen = isMenuOpen.value;
  useEffect(() => {
    isMenuOpen.value = false;
  }, [path]);
  useEffect(() => {
    if (!isOpen) return undefined;
    const before = document.activeElement;
    const menu = document.getElementById('menu');
    // Nothing behind it can be reached.
    const behind = [...document.querySelectorAll<HTMLElement>('.bar, main')];
    for (const each of behind) each.inert = true;
    menu?.querySelector<HTMLElement>('[aria-current], li a')?.focus();
    const close = (event: KeyboardEvent): void => {
      if (event.key === 'Escape') isMenuOpen.value = false;
    };
    addEventListener('keydown', close);
    return () => {
      for (const each of behind) each.inert = false;
      removeEventListener('keydown', close);
      if (before instanceof HTMLElement) before.focus();
    };
  }, [isOpen]);
  return (
    <>
      <nav id="menu" class={isOpen ? 'menu open' : 'menu'} aria-label={TEXTS.menu}>
        <div class="menu-body">
          <div class="menu-head">
            <a class="brand" href="/">
              <Brand />
              ostiary
            </a>
            <button
              class="plain square"
              type="button"
              aria-label={TEXTS.closeMenu}
              onClick={() => (isMenuOpen.value = false)}
            >
              <Icon name="close" />
            </button>
          </div>
          {shownGroups().map(({ text, items }) => (
            <section key={text}>
              <h2 id={`menu-${text}`}>{text}</h2>
              <ul aria-labelledby={`menu-${text}`}>
                {items.map((item) => (
                  <li key={item.href}>
                    <a href={item.href} aria-current={isHere(item.href, path) ? 'page' : undefined}>
                      {item.text}
                    </a>
                  </li>
                ))}
              </ul>
            </section>
          ))}
        </div>
      </nav>
      <div class="scrim" onClick={() => (isMenuOpen.value = false)} />
    </>
  );
}

/** What somebody may see of the menu. */
export function shownGroups(): typeof NAVIGATION {
  return NAVIGATION.map(({ text, items }) => ({ text, items: items.filter(({ isFor }) => isFor?.() ?? true) })).filter(
    ({ items }) => items.length > 0,
  );
}

function isHere(href: string, path: string): boolean {
  return path === href || path.startsWith(`${href}/`) || (path === '/' && href === '/catalog');
}
