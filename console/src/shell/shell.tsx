import { signal } from '@preact/signals';
import type { ComponentType, JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { CallError } from '../api/call.ts';
import { Failed, Loading, NotFound } from '../parts/states.tsx';
import { Toasts } from '../parts/toasts.tsx';
import { ROUTES } from '../routes.ts';
import { TEXTS } from '../texts.ts';
import { NAVIGATION } from './navigation.ts';
import { here, matched } from './router.ts';
import type { Route, ViewProps } from './router.ts';
import { enter, person, problem } from './session.ts';

const isMenuOpen = signal(false);

export function Shell(): JSX.Element {
  const path = here.value.pathname;
  useEffect(() => {
    isMenuOpen.value = false;
  }, [path]);
  return (
    <>
      <a class="skip" href="#content">
        {TEXTS.skip}
      </a>
      <header class="bar">
        <button
          class="menu-button"
          type="button"
          aria-expanded={isMenuOpen.value}
          aria-controls="menu"
          onClick={() => (isMenuOpen.value = !isMenuOpen.value)}
        >
          {TEXTS.menu}
        </button>
        <a class="brand" href="/">
          ostiary
        </a>
        <span class="who">
          {person.value?.member ?? person.value?.name} <a href="/logout">{TEXTS.logOut}</a>
        </span>
      </header>
      <nav id="menu" class={isMenuOpen.value ? 'menu open' : 'menu'} aria-label={TEXTS.menu}>
        {NAVIGATION.map(({ text, items }) => {
          const shown = items.filter(({ isFor }) => isFor?.() ?? true);
          if (shown.length === 0) return null;
          return (
            <section key={text}>
              <h2>{text}</h2>
              <ul>
                {shown.map((item) => (
                  <li key={item.href}>
                    <a href={item.href} aria-current={isHere(item.href, path) ? 'page' : undefined}>
                      {item.text}
                    </a>
                  </li>
                ))}
              </ul>
            </section>
          );
        })}
      </nav>
      <main id="content" tabIndex={-1}>
        <Outlet path={path} />
      </main>
      <Toasts />
    </>
  );
}

function isHere(href: string, path: string): boolean {
  return path === href || path.startsWith(`${href}/`) || (path === '/' && href === '/catalog');
}

function Outlet({ path }: { readonly path: string }): JSX.Element {
  if (problem.value !== undefined) return <Failed error={problem.value} retry={() => void enter()} />;
  if (person.value === undefined) return <Loading />;
  for (const route of ROUTES) {
    const params = matched(route.path, path);
    if (params !== undefined) return <Lazy key={route.path} route={route} params={params} />;
  }
  return <NotFound />;
}

const loaded = new Map<Route, ComponentType<ViewProps>>();

function Lazy({ route, params }: ViewProps & { readonly route: Route }): JSX.Element {
  const [, draw] = useState(0);
  const [error, setError] = useState<CallError>();
  const View = loaded.get(route);
  const load = (): void => {
    setError(undefined);
    route.load().then(
      (file) => {
        loaded.set(route, file.default);
        draw((count) => count + 1);
      },
      // The control plane was updated, and has other files: the page of today finds them.
      () => setError(new CallError('unreachable', 'a part of this page could not be loaded: load the page again')),
    );
  };
  useEffect(() => {
    if (View === undefined) load();
  }, [route]);
  if (error !== undefined) return <Failed error={error} retry={() => location.reload()} />;
  return View === undefined ? <Loading /> : <View params={params} />;
}
