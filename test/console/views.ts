import type { Page } from 'playwright-core';

/** A view as somebody sees it: pictures are taken of it, and axe looks at it. */
export interface View {
  /** Of its picture. */
  readonly name: string;
  readonly path: string;
  /** A user of the company. */
  readonly who: string;
  readonly size?: 'desk' | 'phone';
  readonly scheme?: 'light' | 'dark';
  /** What is done before the picture is taken. */
  readonly show?: (page: Page) => Promise<void>;
}

/** Every main view, one line each, and what lies over them. */
export const VIEWS: readonly View[] = [
  { name: 'catalog', path: '/catalog', who: 'dana' },
  { name: 'catalog-dark', path: '/catalog', who: 'dana', scheme: 'dark' },
  { name: 'catalog-phone', path: '/catalog', who: 'dana', size: 'phone' },
  {
    name: 'palette',
    path: '/catalog',
    who: 'dana',
    async show(page) {
      await page.keyboard.press('/');
      await page.keyboard.type('pa');
      await page.getByRole('option', { name: /Payments/ }).waitFor();
    },
  },
  { name: 'catalog-api', path: '/catalog/shop/orders', who: 'dana' },
  { name: 'applications', path: '/applications', who: 'dana' },
  { name: 'application', path: '/applications/apps/web-shop', who: 'dana' },
  { name: 'my-contracts', path: '/contracts', who: 'dana' },
  { name: 'contract', path: '/contracts/shop/web-shop-orders', who: 'dana' },
  { name: 'my-apis', path: '/apis', who: 'olga' },
  { name: 'new-api', path: '/apis/new', who: 'olga' },
  { name: 'api', path: '/apis/shop/orders', who: 'olga' },
  { name: 'policies', path: '/apis/shop/orders/policies', who: 'olga' },
  { name: 'contracts', path: '/apis/shop/orders/contracts', who: 'olga' },
  { name: 'tiers', path: '/apis/shop/orders/tiers', who: 'olga' },
  { name: 'requests', path: '/requests', who: 'priya' },
  { name: 'analytics', path: '/analytics', who: 'ada' },
  { name: 'graph', path: '/graph', who: 'ada' },
  { name: 'graph-dark', path: '/graph', who: 'ada', scheme: 'dark' },
  { name: 'analytics-dark', path: '/analytics', who: 'ada', scheme: 'dark' },
  { name: 'analytics-phone', path: '/analytics', who: 'ada', size: 'phone' },
];
