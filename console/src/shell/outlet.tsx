import type { ComponentType, JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { CallError } from '../api/call.ts';
import { Failed, Loading, NotFound } from '../parts/states.tsx';
import { ROUTES } from '../routes.ts';
import { TEXTS } from '../texts.ts';
import { LoggedIn } from './login-again.tsx';
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
  return <NotFound />;
}

const loaded = new Map<Route, ComponentType<ViewProps>>();

/** Loads the file of a view before it is asked for. */
export async function load(route: Route): Promise<ComponentType<ViewProps>> {
  const file = await route.load();
  loaded.set(route, file.default);
  return file.default;
}

function Lazy({ route, params }: ViewProps & { readonly route: Route }): JSX.Element {
  const [, draw] = useState(0);
  const [error, setError] = useState<CallError>();
  const View = loaded.get(route);
  useEffect(() => {
    if (View !== undefined) return;
    load(route).then(
      () => draw((count) => count + 1),
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
