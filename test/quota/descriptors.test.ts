import { expect, it } from 'vitest';
import { Descriptors } from '../../src/lease/descriptors.ts';
import { UNTAGGED } from '../../src/script/script-call.ts';
import type { TakeReply } from '../../src/script/script-call.ts';
import { freshDemand } from './behaviour.ts';

const at = (ms: number) => ({ mono: ms, wall: ms });
const WINDOWS = [[{ used: 5, leftUs: 3_600_000_000, endUs: 5 }]];
const REPLY: TakeReply = { charged: 5, epochs: [0], windows: WINDOWS };
const WISH = { want: 5, least: 1, need: 0, share: 2 };

it('a descriptor beyond the bound is known as one that is not kept, and is not found again', () => {
  const descriptors = new Descriptors(UNTAGGED, () => {}, { most: 1 });
  const [kept, beyond] = [[freshDemand([[100, 60_000]])], [freshDemand([[100, 60_000]])]];
  expect(descriptors.of(kept, at(0)).isKept).toBe(true);
  expect(descriptors.of(beyond, at(0)).isKept).toBe(false);
  expect(descriptors.find(beyond)).toBeUndefined();
});

it('a lease that nobody spends goes back, but not while nothing can', () => {
  const back: number[] = [];
  const descriptors = new Descriptors(UNTAGGED, (unspent) => void back.push(unspent?.debit.units ?? 0));
  const demands = [freshDemand([[100, 3_600_000]])];
  const descriptor = descriptors.of(demands, at(0));
  descriptor.absorb({ ...descriptor.question(demands, at(0)), hits: [], wish: WISH, size: 5 }, REPLY);
  for (const ms of [1500, 9000]) for (let i = 0; i < 3; i++) descriptors.sweep(at(ms), true);
  expect(back).toEqual([]);
  for (let i = 0; i < 3; i++) descriptors.sweep(at(9001));
  expect(back[0]).toBe(5);
  expect(descriptors.find(demands)).toBeUndefined();
});
