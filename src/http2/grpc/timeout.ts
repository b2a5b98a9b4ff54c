const UNIT_MS: Record<string, number> = { H: 3_600_000, M: 60_000, S: 1000, m: 1, u: 0.001, n: 0.000_001 };

/**
 * `grpc-timeout` in milliseconds: at most eight digits and a unit (gRPC over HTTP/2, "Timeout").
 * @returns Infinity if the header is absent, NaN if it is malformed.
 */
export function parseTimeoutMs(header: string): number {
  if (header === '') return Infinity;
  if (!/^\d{1,8}[HMSmun]$/.test(header)) return NaN;
  return Number(header.slice(0, -1)) * UNIT_MS[header.slice(-1)]!;
}
