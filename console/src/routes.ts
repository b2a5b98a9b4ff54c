import type { Route } from './shell/router.ts';

/** Every view, one line each. */
export const ROUTES: readonly Route[] = [
  { path: '/', load: () => import('./views/catalog/catalog-view.tsx') },
  { path: '/catalog', load: () => import('./views/catalog/catalog-view.tsx') },
  { path: '/catalog/:namespace/:name', load: () => import('./views/api/api-view.tsx') },
  { path: '/applications', load: () => import('./views/mine/applications-view.tsx') },
  { path: '/applications/:namespace/:name', load: () => import('./views/mine/application-view.tsx') },
  { path: '/contracts', load: () => import('./views/mine/contracts-view.tsx') },
  { path: '/contracts/:namespace/:name', load: () => import('./views/mine/contract-view.tsx') },
  { path: '/analytics', load: () => import('./views/analytics/analytics-view.tsx') },
  { path: '/graph', load: () => import('./views/graph/graph-view.tsx') },
  { path: '/analytics/requests', load: () => import('./views/analytics/samples-view.tsx') },
  { path: '/apis', load: () => import('./views/own/own-apis-view.tsx') },
  { path: '/apis/new', load: () => import('./views/own/create-view.tsx') },
  { path: '/apis/:namespace/:name', load: () => import('./views/own/api-view.tsx') },
  { path: '/apis/:namespace/:name/:tab', load: () => import('./views/own/api-view.tsx') },
  { path: '/requests', load: () => import('./views/own/requests-view.tsx') },
  { path: '/sidecars', load: () => import('./views/ops/sidecars-view.tsx') },
  { path: '/sidecars/:node', load: () => import('./views/ops/sidecar-view.tsx') },
  { path: '/audit', load: () => import('./views/ops/audit-view.tsx') },
  { path: '/live', load: () => import('./views/ops/live-view.tsx') },
  { path: '/explain', load: () => import('./views/ops/explain-view.tsx') },
];
