import { expect, test } from 'vitest';
import { DatabaseFault } from '../../src/database/database-fault.ts';
import { ArchiveUnavailable } from '../../src/operator/analytics-desk.ts';
import { archiveOf } from '../../src/serve/slot-archive.ts';
import { KeptSlots, rowOf, slotOf } from '../rollup/kept-slots.ts';

const QUESTION = { sinceMs: 0, untilMs: 60_000, where: [], by: [], order: 'count', most: 1 } as const;

test('an archive answers; operators are told why it can not, and of a defect nothing', async () => {
  const slots = new KeptSlots();
  slots.take(slotOf(0, [rowOf({}, 3)]));
  expect((await archiveOf(slots).ask(QUESTION)).total.count).toBe(3);
  const failing = (fault: Error) => archiveOf({ ask: () => Promise.reject(fault) }).ask(QUESTION);
  await expect(failing(new DatabaseFault('full', 'no room on the disk'))).rejects.toThrow(ArchiveUnavailable);
  await expect(failing(new DatabaseFault('full', 'no room on the disk'))).rejects.toThrow('no room on the disk');
  await expect(failing(new TypeError('a defect'))).rejects.toThrow(TypeError);
});
