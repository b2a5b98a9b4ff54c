import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { partOrSkip } from '../real/parts.ts';
import { followedPages, readPage } from './pages.ts';
import { Reader } from './reader.ts';
import { isAsShown, stepsOf } from './snippets.ts';

const envoy = await partOrSkip('envoy');
const redis = await partOrSkip('redis-server');
const curl = await partOrSkip('curl');
const otelcol = await partOrSkip('otelcol');

const read = await Promise.all(followedPages.map(async (page) => ({ page, text: await readPage(page) })));

// Some side by side: most wait, for what is counted every ten seconds say.
describe.skipIf([envoy, redis, curl].includes(undefined)).concurrent.each(read)(
  'who follows $page',
  ({ page, text }) => {
    let reader: Reader;
    beforeAll(() => {
      reader = new Reader(text);
    });
    afterAll(() => reader?.close());

    const isCollectorMissing = otelcol === undefined && stepsOf(text).some(({ kind }) => kind === 'collector');
    test.skipIf(isCollectorMissing)(
      'gets what it shows',
      async () => {
        for (const step of stepsOf(text)) {
          const ran = await reader.follow(step);
          if (ran === undefined || step.kind !== 'command') continue;
          const where = `${page}:${step.line}: ${step.command}\n${ran.output}`;
          if (step.expected === undefined) expect(ran.code, where).toBe(0);
          else if (!isAsShown(ran.output, step.expected)) expect(ran.output, where).toBe(step.expected);
        }
      },
      120_000,
    );
  },
);

test.each(read.filter(({ page }) => page.startsWith('docs/tasks/') && !page.endsWith('README.md')))(
  '$page says what is needed, what to do and how to see that it works',
  ({ text }) => {
    expect([...text.matchAll(/^## (.*)$/gm)].map(([, heading]) => heading)).toEqual(
      expect.arrayContaining(['You need', 'Do', 'See that it works']),
    );
    expect(stepsOf(text).some((step) => step.kind === 'command' && step.expected !== undefined)).toBe(true);
  },
);

test('an output is compared with what a page shows, … standing for anything', () => {
  expect(isAsShown('HTTP/1.1 401 Unauthorized\nx: y\n', 'HTTP/1.1 401 Unauthorized\n…')).toBe(true);
  expect(isAsShown('a\nb\nc\n', '…\nc')).toBe(true);
  expect(isAsShown('c\n', '…\nc')).toBe(true);
  expect(isAsShown('one 17 two', 'one … two')).toBe(true);
  expect(isAsShown('200\n', '401')).toBe(false);
  expect(isAsShown('200\nmore\n', '200')).toBe(false);
});
