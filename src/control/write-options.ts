import { create } from '@bufbuild/protobuf';
import type { Duration } from '@bufbuild/protobuf/wkt';
import { durationFromMs, durationMs } from '@bufbuild/protobuf/wkt';
import { ReceiptSchema } from '../../gen/ostiary/v1/receipt_pb.js';
import type { Caller } from '../access/caller.ts';
import { Code, RpcError } from '../grpc/rpc.ts';
import type { Author } from '../registry/log.ts';
import type { Receipts } from '../registry/receipt.ts';

// What all methods that write take.

const LONGEST_WAIT_MS = 60_000;
/** Longer reasons are documents. */
const MOST_REASON = 4096;

/** Who writes, and why. @throws RpcError where the reason can't be kept */
export function authorOf({ name: actor, credential, address }: Caller, reason: string): Author {
  if (reason.length <= MOST_REASON && reason.isWellFormed() && !reason.includes('\u0000')) {
    return { actor, reason, credential, address };
  }
  throw new RpcError(Code.invalidArgument, `reason is a text of at most ${MOST_REASON} characters`);
}

/** @throws RpcError */
export function waitMsOf(wait: Duration | undefined): number | undefined {
  if (wait === undefined) return undefined;
  const waitMs = durationMs(wait);
  if (waitMs >= 0 && waitMs <= LONGEST_WAIT_MS) return waitMs;
  throw new RpcError(Code.invalidArgument, `wait is from 0s to ${LONGEST_WAIT_MS / 1000}s`);
}

/** @param waitMs undefined: nobody waits */
export async function receiptOf(receipts: Receipts, revision: number, waitMs: number | undefined) {
  if (waitMs === undefined) return {};
  const { enforced, pending, unreachable, ms } = await receipts.of(revision, waitMs);
  const receipt = create(ReceiptSchema, {
    revision: BigInt(revision),
    enforced,
    pending: [...pending],
    unreachable: [...unreachable],
    took: durationFromMs(Math.round(ms)),
  });
  return { receipt };
}
