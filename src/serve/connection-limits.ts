import { readFileSync } from 'node:fs';
import { UserError } from '../errors.ts';

/** How many connections each listener may have open. */
export interface ConnectionLimits {
  readonly grpc: number;
  readonly admin: number;
  readonly api: number;
  /** 0 without such a listener. */
  readonly http: number;
}

/** Reserved for documents and their watches, Redis, key sets, logs, and connections that are being closed. */
const OWN_DESCRIPTORS = 96;
const LEAST_DESCRIPTORS = 160;
/** Scrapers and probes of a node need a dozen; operators fewer. */
const MOST_OTHER = 256;

/**
 * Distributes the files that the process may have open, so that many connections to one listener can't take the files
 * that other listeners, Redis and a reload need.
 * @param descriptors the limit of open files; Infinity: there is none
 * @param most the maximum for `--listen`, and for `--http-listen`
 * @param hasHttp whether there is a `--http-listen`: then the two share alike
 * @throws UserError if they are too few
 */
export function connectionLimits(descriptors: number, most: number, hasHttp = false): ConnectionLimits {
  if (descriptors < LEAST_DESCRIPTORS) {
    throw new UserError(
      `the limit of open files is ${descriptors} (ulimit -n): ostiary needs at least ${LEAST_DESCRIPTORS}, and one more for each connection`,
    );
  }
  const left = descriptors - OWN_DESCRIPTORS;
  const other = Math.min(MOST_OTHER, Math.floor(left / 8));
  const asking = left - 2 * other;
  const grpc = Math.min(most, hasHttp ? Math.ceil(asking / 2) : asking);
  return { grpc, admin: other, api: other, http: hasHttp ? Math.min(most, asking - grpc) : 0 };
}

/** The limit of open files of this process, which Node has raised to the hard one; Infinity if there is none or it can't be told. */
export function descriptorLimit(): number {
  let limits: string;
  try {
    limits = readFileSync('/proc/self/limits', 'latin1');
  } catch {
    // Not Linux. Other systems hand out the numbers of descriptors from a limit of some thousands.
    return Infinity;
  }
  const [, soft] = /^Max open files\s+(\d+)/m.exec(limits) ?? [];
  return soft === undefined ? Infinity : Number(soft);
}
