import type { Receipt } from '../../../gen/ostiary/v1/receipt_pb.js';
import { printJson } from '../analytics/asking.ts';
import { isEnforced, NOT_ENFORCED_EXIT, receiptJson, receiptText } from './receipt-line.ts';

/** What a method of one resource has answered. */
interface Outcome {
  readonly revision: bigint;
  readonly receipt?: Receipt | undefined;
}

/**
 * Prints what became of one resource.
 * @param members of the JSON object, beside revision and receipt
 * @param lines for people
 * @returns the exit code: 3 where a sidecar does not enforce it
 */
export function printOutcome(
  { revision, receipt }: Outcome,
  { output, dryRun }: { readonly output: 'text' | 'json'; readonly dryRun: boolean },
  members: object,
  lines: readonly string[],
): number {
  if (output === 'json') {
    const told = receipt === undefined ? {} : { receipt: receiptJson(receipt) };
    printJson({ revision: Number(revision), ...(dryRun && { dryRun }), ...members, ...told });
  } else {
    const all = receipt === undefined ? lines : [...lines, receiptText(receipt)];
    process.stdout.write(all.map((line) => `${line}\n`).join(''));
  }
  return isEnforced(receipt) ? 0 : NOT_ENFORCED_EXIT;
}
