import { expect, test } from 'vitest';
import type { Cell, Missing } from '../../src/analytics/decided-span.ts';
import { Losses } from '../../src/analytics/losses.ts';

function open() {
  const time = { mono: 0 };
  const lines: Record<string, unknown>[] = [];
  const log = { warn: (_: string, fields: object = {}) => void lines.push({ ...fields }) };
  const losses = new Losses({ log, monotonic: () => time.mono });
  const settle = (name: string, decided: number, reported: number, missing: Missing = 'unreported'): void => {
    losses.settled({ destination: { name }, decided, reported } as Cell, missing, 1_790_000_000_000);
  };
  const turns = (count: number): void => {
    for (let turn = 0; turn < count; turn++) {
      time.mono += 10_000;
      losses.turn();
    }
  };
  return { losses, lines, settle, turns };
}

test('the ratio is that of a minute, and of what can be known', () => {
  const { losses, settle, turns } = open();
  expect(losses.ratio()).toBeUndefined();
  settle('one', 100, 90);
  expect(losses.ratio()).toBeCloseTo(0.9);
  settle('other', 1000, 100, 'unknown');
  expect(losses.ratio()).toBeCloseTo(0.95);
  turns(5);
  expect(losses.ratio()).toBeCloseTo(0.95);
  turns(1);
  expect(losses.ratio()).toBeUndefined();
});

test('each Envoy that loses is told once a minute, the worst first, and the others together', () => {
  const { lines, settle, turns } = open();
  for (let i = 1; i <= 8; i++) {
    settle(`envoy-${i}`, 50, 50 - i);
    settle(`envoy-${i}`, 50, 50);
  }
  settle('whole', 100, 100);
  settle('elsewhere', 100, 0, 'unknown');
  turns(5);
  expect(lines).toEqual([]);
  turns(1);
  const told = lines.map(({ address, detail }) => `${String(address)}: ${String(detail).split(' decisions')[0]}`);
  expect(told).toEqual([...[8, 7, 6, 5, 4].map((lost) => `envoy-${lost}: ${lost} of 100`), '3 more: 6 of 300']);
  turns(6);
  expect(lines).toHaveLength(6);
});
