import type { AccessTokenJson } from '../../../../gen/ostiary/v1/tokens_pb.js';
import type { Tone } from '../../parts/small.tsx';

const SOON_MS = 14 * 86_400_000;

/** What a token is now. @param nowMs since the Unix epoch */
export function tokenState({ expires, revoked }: AccessTokenJson, nowMs: number): readonly [text: string, tone: Tone] {
  if (revoked !== undefined) return ['revoked', 'plain'];
  const leftMs = Date.parse(expires ?? '') - nowMs;
  if (leftMs <= 0) return ['ended', 'plain'];
  return leftMs < SOON_MS ? ['ends soon', 'warning'] : ['valid', 'good'];
}
