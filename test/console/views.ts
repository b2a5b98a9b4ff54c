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
];
