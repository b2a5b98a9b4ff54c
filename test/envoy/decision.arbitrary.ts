import * as fc from 'fast-check';
import type { Decision } from '../../src/decision/decision.ts';
import type { Denial } from '../../src/denial/denial.ts';
import type { HeaderEntry } from '../../src/request/header-entry.ts';

const text = fc.oneof(fc.string({ maxLength: 20 }), fc.string({ unit: 'grapheme', maxLength: 200 }));
/** Values that no control character makes a second header of. */
const headerValue = text.map((value) => value.replaceAll(/[\0\r\n]/g, ''));
const headerName = fc.oneof(
  fc.constantFrom('x-ostiary-client-id', 'x-ostiary-tier', 'x-sub', ':path', 'host', 'Host', 'X-Sub', ''),
  fc.string({ unit: fc.constantFrom('a', 'b', '-', '_'), minLength: 1, maxLength: 8 }),
);

const windowState = fc.record({
  limit: fc.record(
    { name: text, maximumRequests: fc.maxSafeNat(), timePeriodInMilliseconds: fc.maxSafeNat() },
    { requiredKeys: ['maximumRequests', 'timePeriodInMilliseconds'] },
  ),
  remaining: fc.maxSafeNat(),
  resetMs: fc.double({ min: 0, max: 1e12, noNaN: true }),
});
const windows = fc.array(windowState, { maxLength: 4 });
const retryAfterSeconds = fc.oneof(fc.nat(), fc.double({ min: -1, max: 1e6, noNaN: true }));

const plain = (reason: Denial['reason']) => fc.record({ reason: fc.constant(reason) });

export const denial = fc
  .tuple(
    text,
    fc.oneof(
      plain('not_ready'),
      plain('request_not_http'),
      plain('path_malformed'),
      plain('api_unknown'),
      fc.record({ reason: fc.constant('token_missing' as const), status: fc.constantFrom(400, 401) }),
      plain('token_invalid'),
      plain('token_unverified'),
      fc.record({ reason: fc.constant('scope_insufficient' as const), scopes: fc.array(text, { maxLength: 3 }) }),
      fc.record({ reason: fc.constant('keys_unavailable' as const), retryAfterSeconds }),
      fc.record({
        reason: fc.constant('client_rejected' as const),
        cause: fc.constantFrom('secret_wrong', 'client_unknown'),
        challenge: text,
      }),
      plain('contract_missing'),
      plain('cost_invalid'),
      fc.record({ reason: fc.constantFrom('quota_spent', 'cost_above_limit'), windows, cost: fc.nat() }),
      fc.record({ reason: fc.constant('store_unavailable' as const), retryAfterSeconds }),
      plain('policy_failed'),
    ),
  )
  .map(([detail, rest]) => Object.assign(rest, { detail }) as unknown as Denial);

const client = fc.record({ name: text, clientId: text, secrets: fc.constant([]) });
const tier = fc.option(fc.record({ name: text, limits: fc.constant([]) }), { nil: undefined });
const contract = fc.record({ name: text, api: text, client, status: fc.constant('approved' as const), tier });

/** Pipelines answer one value a name. */
const upstream = fc.uniqueArray(fc.tuple(headerName, headerValue) as fc.Arbitrary<HeaderEntry>, {
  selector: ([name]) => name.toLowerCase(),
  maxLength: 5,
});

const step = fc.record({
  name: fc.constantFrom('orders/rate-limiting', 'platform-jwt', 'new-quota'),
  policy: fc.constant('rate-limiting'),
  mode: fc.constantFrom('enforce' as const, 'shadow' as const),
  result: fc.constantFrom('allow' as const, 'deny' as const, 'failed' as const, 'not_reached' as const),
  denial: fc.option(denial, { nil: undefined }),
  durationMs: fc.constant(1),
});
const steps = fc.oneof(fc.constant([]), fc.array(step, { maxLength: 3 }));

const parts = {
  api: text,
  policy: text,
  identity: fc.record({ client, contract }, { requiredKeys: [] }),
  upstream,
  remove: fc.array(headerName, { maxLength: 8 }),
  exposed: windows,
  steps,
  snapshotVersion: fc.constant('1'),
};

export const allow: fc.Arbitrary<Decision> = fc.record({ ...parts, denial: fc.constant(undefined) });
export const decision: fc.Arbitrary<Decision> = fc.record({
  ...parts,
  denial: fc.option(denial, { nil: undefined }),
});
