import type { ComponentType, JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { CallError } from '../api/call.ts';
import { Page } from '../parts/page.tsx';
import { Failed, Loading } from '../parts/states.tsx';
import { ROUTES } from '../routes.ts';
import { TEXTS } from '../texts.ts';
import { LoggedIn } from './login-again.tsx';
import { shownGroups } from './menu.tsx';
import { isOutdated } from './release.ts';
import { matched } from './router.ts';
import type { Route, ViewProps } from './router.ts';
import { enter, LOGGED_IN, person, problem } from './session.ts';

/** The view of an address. */
export function Outlet({ path }: { readonly path: string }): JSX.Element {
  if (problem.value !== undefined) return <Failed error={problem.value} retry={() => void enter()} />;
  if (person.value === undefined) return <Loading isPage />;
  if (path === LOGGED_IN) return <LoggedIn />;
  for (const route of ROUTES) {
    const params = matched(route.path, path);
    // Another address of the same view begins anew: what was typed is of the one before.
    if (params !== undefined) return <Lazy key={path} route={route} params={params} />;
  }
  return (
    <Page title={TEXTS.noSuchPage} lead={TEXTS.notFoundHelp}>
      <p>
        <a class="button" href="/">
          {TEXTS.toStart}
        </a>
      </p>
    </Page>
  );
}

const loaded = new Map<Route, ComponentType<ViewProps>>();

async function load(route: Route): Promise<ComponentType<ViewProps>> {
  const file = await route.load();
  loaded.set(route, file.default);
  return file.default;
}

/** Loads the files of the views in the menu while nothing else is to be done: a click then waits for nothing but data. */
async function loadAhead(): Promise<void> {
  const wanted = new Set(shownGroups().flatMap(({ items }) => items.map(({ href }) => href)));
  for (const route of ROUTES) {
    if (!wanted.has(route.path) || loaded.has(route)) continue;
    await idle();
    // Whoever goes there is told.
    await load(route).catch(() => {});
  }
}

/** Safari has no idle callbacks. */
function idle(): Promise<void> {
  return new Promise((resolve) => {
    if (typeof requestIdleCallback === 'function') requestIdleCallback(() => resolve(), { timeout: 2000 });
    else setTimeout(resolve, 200);
  });
}

function Lazy({ route, params }: ViewProps & { readonly route: Route }): JSX.Element {
  const [, draw] = useState(0);
  const [error, setError] = useState<CallError>();
  const View = loaded.get(route);
  useEffect(() => {
    if (View !== undefined) return;
    load(route).then(
      () => {
        draw((count) => count + 1);
        void loadAhead();
      },
      () => {
        // The control plane is away, or was updated and has other files.
        isOutdated.value = true;
        setError(new CallError('unreachable', TEXTS.notLoaded));
      },
    );
  }, [route]);
  if (error !== undefined) return <Failed error={error} retry={() => location.reload()} />;
  return View === undefined ? <Loading isPage /> : <View params={params} />;
}
