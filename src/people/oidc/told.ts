import * as oauth from 'oauth4webapi';
import { EgressFault } from '../../egress/fault.ts';
import { ProviderFault } from './fault.ts';

/** What an answer of the provider is for, with its faults as ours. @throws ProviderFault (rejects with it) */
export async function told<Result>(ask: () => Promise<Result>): Promise<Result> {
  try {
    return await ask();
  } catch (error) {
    throw faultOf(error);
  }
}

const CLOCKS = 'what the provider says is not valid at this time: do its clock and that of the control plane differ?';

/** What a browser has brought: whatever is wrong with it is not the provider's fault. @throws ProviderFault */
export function answered<Result>(read: () => Result): Result {
  try {
    return read();
  } catch (error) {
    if (error instanceof oauth.AuthorizationResponseError) throw faultOf(error);
    throw new ProviderFault(
      'refused',
      'this is not the answer to the login that was begun in this browser: begin it again',
      {
        cause: error,
      },
    );
  }
}

/** @throws what is no fault of the provider */
export function faultOf(error: unknown): ProviderFault {
  const options = { cause: error };
  if (error instanceof ProviderFault) return error;
  if (error instanceof EgressFault)
    return new ProviderFault('away', `the provider can't be asked: ${error.message}`, options);
  if (error instanceof oauth.AuthorizationResponseError) {
    return new ProviderFault('refused', `the provider has not let you in${wordOf(error.error)}`, options);
  }
  if (error instanceof oauth.ResponseBodyError) {
    if (error.error === 'invalid_grant')
      return new ProviderFault('ended', 'the provider has ended this login', options);
    return new ProviderFault(
      'away',
      `the provider refuses what the control plane asks${wordOf(error.error)}: see its client`,
      options,
    );
  }
  const code = codeOf(error);
  if (code === oauth.JWT_TIMESTAMP_CHECK) return new ProviderFault('away', CLOCKS, options);
  if (code === oauth.JWT_CLAIM_COMPARISON || code === oauth.JSON_ATTRIBUTE_COMPARISON) {
    return new ProviderFault('refused', 'the provider has said something that is not for this login', options);
  }
  if (code?.startsWith('OAUTH_') === true) return away(`its answer can't be used (${code})`, options);
  throw error;
}

export function away(why: string, options?: ErrorOptions): ProviderFault {
  return new ProviderFault('away', `the provider does not work: ${why}`, options);
}

/** Error codes are words; what is none may be somebody's text. */
function wordOf(code: string): string {
  return /^[a-z_]{1,64}$/.test(code) ? ` (${code})` : '';
}

/** Of oauth4webapi. */
export function codeOf(error: unknown): string | undefined {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : undefined;
}
