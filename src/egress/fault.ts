/**
 * How a call ended without an answer. `refused`: the rules of egress forbid the address. `too_large`: there is an answer, larger than was asked for.
 */
export type EgressOutcome = 'timeout' | 'unreachable' | 'refused' | 'too_large';

/** A call brought no answer. The message is a sentence without the URL, and without what was sent or answered. */
export class EgressFault extends Error {
  override name = 'EgressFault';
  readonly outcome: EgressOutcome;
  constructor(outcome: EgressOutcome, message: string) {
    super(message);
    this.outcome = outcome;
  }
}

/** Why a connection was refused. The look-up of its name raises it, and Node passes it on unwrapped. */
export function faultOf(error: unknown): EgressFault {
  if (error instanceof EgressFault) return error;
  return new EgressFault('unreachable', `it can't be reached${codeOf(error)}`);
}

/** Such as ` (ECONNREFUSED)`. Only the code is told, since a message can hold secrets. */
function codeOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  return typeof code === 'string' && /^[A-Z0-9_]{1,64}$/.test(code) ? ` (${code})` : '';
}
