import { create } from '@bufbuild/protobuf';
import { expect, test } from 'vitest';
import { ReceiptSchema } from '../../../gen/ostiary/v1/receipt_pb.js';
import { receiptText } from '../../../src/cli/platform/receipt-line.ts';

function linesOf(pending: string[], unreachable: string[]): string[] {
  return receiptText(create(ReceiptSchema, { revision: 7n, enforced: 1, pending, unreachable })).split('\n');
}

test('a receipt without some sidecars says which, and what to do about them', () => {
  expect(linesOf([], [])).toEqual(['1 of 1 sidecars enforce revision 7 after 0 ms']);
  expect(linesOf(['a'], [])).toEqual([
    '1 of 2 sidecars enforce revision 7 after 0 ms',
    '  not yet: a',
    '  what each enforces, and why: ostiary sidecars',
  ]);
  expect(linesOf([], ['b'])).toEqual([
    '1 of 2 sidecars enforce revision 7 after 0 ms',
    '  not connected: b',
    '  what each enforces: ostiary sidecars; one that is gone for good: ostiary sidecars forget b',
  ]);
});
