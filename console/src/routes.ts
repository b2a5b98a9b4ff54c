import type { Route } from './shell/router.ts';

/** Every view, one line each. */
export const ROUTES: readonly Route[] = [
  { path: '/', load: () => import('./views/catalog/catalog-view.tsx') },
  { path: '/catalog', load: () => import('./views/catalog/catalog-view.tsx') },
  { path: '/analytics', load: () => import('./views/analytics/analytics-view.tsx') },
  { path: '/analytics/requests', load: () => import('./views/analytics/samples-view.tsx') },
];
