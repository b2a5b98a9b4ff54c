import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { EVENT_KINDS, EVENT_NAMES } from '../../src/notify/event-kinds.ts';
import { everyEvent } from '../notify/every-event.ts';

const page = await readFile(new URL('../../docs/events.md', import.meta.url), 'utf8');

test('docs/events.md lists every event, and no other', () => {
  const rows = [...page.matchAll(/^\| `([a-z]+\.[a-z-]+)` +\| (.+?) +\|$/gm)].map(([, name, meaning]) => [
    name,
    meaning,
  ]);
  const kinds = Object.entries(EVENT_KINDS).map(([name, meaning]) => [
    name,
    `${meaning.charAt(0).toLowerCase()}${meaning.slice(1)}`,
  ]);
  expect(rows).toEqual(kinds);
});

test('docs/events.md shows one of each event as it is sent', async () => {
  const [, block = ''] = /```jsonl\n(.*?)```/s.exec(page) ?? [];
  const shown = block
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { readonly event: string });
  const sent = await everyEvent();
  const firsts = EVENT_NAMES.map((name) => sent.find(({ event }) => event === name));
  expect(EVENT_NAMES.filter((_, at) => firsts[at] === undefined)).toEqual([]);
  expect(shown).toEqual(firsts);
}, 60_000);
