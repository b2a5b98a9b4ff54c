import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { Toasts } from '../parts/toasts.tsx';
import { TEXTS } from '../texts.ts';
import { Bar } from './bar.tsx';
import { LoginAgain } from './login-again.tsx';
import { Menu } from './menu.tsx';
import { Outlet } from './outlet.tsx';
import { Palette } from './palette.tsx';
import { isOutdated } from './release.ts';
import { here } from './router.ts';

/** The frame around every view. */
export function Shell(): JSX.Element {
  const path = here.value.pathname;
  const content = useRef<HTMLElement>(null);
  const shown = useRef(path);
  useEffect(() => {
    if (shown.current === path) return;
    shown.current = path;
    // Whoever follows a link with the keyboard goes on at the top of what it has led to.
    content.current?.focus({ preventScroll: true });
  }, [path]);
  return (
    <>
      <a class="skip" href="#content" onClick={(event) => toContent(event, content.current)}>
        {TEXTS.skip}
      </a>
      <Menu path={path} />
      <Bar />
      {isOutdated.value && (
        <aside class="notice" aria-label={TEXTS.outdated}>
          <p>{TEXTS.outdated}</p>
          <button type="button" onClick={() => location.reload()}>
            {TEXTS.reload}
          </button>
        </aside>
      )}
      <main id="content" tabIndex={-1} ref={content}>
        <Outlet path={path} />
      </main>
      <Palette />
      <LoginAgain />
      <Toasts />
    </>
  );
}

/** Not by the address, which is that of the view. */
function toContent(event: Event, content: HTMLElement | null): void {
  event.preventDefault();
  content?.focus();
}
