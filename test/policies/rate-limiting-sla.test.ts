import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { Contract, Tier } from '../../src/contract/contract.ts';
import type { Denial } from '../../src/denial/denial.ts';
import rateLimitingSla from '../../src/policies/rate-limiting-sla.ts';
import type { Charge } from '../../src/policy/policy.ts';
import { application, directory, faults, quotaPolicy, request } from './rate-limiting-request.ts';

const GOLD: Tier = { name: 'gold', limits: [{ maximumRequests: 100, timePeriodInMilliseconds: 1000 }] };
const SALT = Buffer.from('0123456789abcdef');
const sha256 = createHash('sha256').update(SALT).update('s3cret').digest();
const shop = application('shop', [{ salt: SALT, sha256 }]);

function contract(more: Partial<Contract> = {}): Contract {
  return { name: 'shop-orders', api: 'orders', client: shop, status: 'approved', tier: GOLD, ...more };
}

const credentials = { client_id: shop.clientId, client_secret: 's3cret' };

function demand(config: object, headers: Record<string, string>, contracts = [contract()], identity = {}) {
  return quotaPolicy(rateLimitingSla, config).demand(request(headers, contracts, identity));
}

function causeOf(found: Denial | Charge): string | undefined {
  return found.reason === 'client_rejected' ? found.cause : undefined;
}

describe('rate limiting by SLA tier', () => {
  it("charges the contract by its tier's limits, and tells who calls", () => {
    expect(demand({}, credentials)).toMatchObject({
      key: 'shop-orders',
      limits: GOLD.limits,
      cost: 1,
      identity: { client: shop, contract: { name: 'shop-orders' } },
    });
  });

  it('rejects with a challenge who presents no or wrong credentials', () => {
    const missing = demand({}, {});
    expect(missing).toMatchObject({ reason: 'client_rejected', challenge: 'Client-ID-Enforcement' });
    expect(causeOf(missing)).toBe('credentials_missing');
    expect(causeOf(demand({}, { client_id: shop.clientId }))).toBe('credentials_missing');
    expect(causeOf(demand({}, { ...credentials, client_secret: 'wrong' }))).toBe('secret_wrong');
    expect(causeOf(demand({}, { ...credentials, client_id: 'nobody' }))).toBe('client_unknown');
  });

  it('asks for no secret where the expression is empty', () => {
    const config = { clientSecretExpression: '' };
    expect(demand(config, { client_id: shop.clientId })).toMatchObject({ key: 'shop-orders' });
  });

  it('takes the client id from the claims of a verified token', () => {
    const config = { clientIdExpression: '#[vars.claimSet.azp]', clientSecretExpression: '' };
    const identity = { claims: { azp: shop.clientId } };
    expect(demand(config, {}, [contract()], identity)).toMatchObject({ key: 'shop-orders' });
    expect(causeOf(demand(config, { client_id: shop.clientId }))).toBe('credentials_missing');
  });

  it('counts the client that an earlier policy has authenticated, whatever the headers say', () => {
    const identity = { client: shop };
    expect(demand({}, {}, [contract()], identity)).toMatchObject({ key: 'shop-orders' });
    expect(demand({}, { client_id: 'nobody' }, [contract()], identity)).toMatchObject({ key: 'shop-orders' });
  });

  it('asks for credentials of its own where an expression is given', () => {
    const config = { clientIdExpression: "#[attributes.headers['client_id']]" };
    expect(causeOf(demand(config, {}, [contract()], { client: shop }))).toBe('credentials_missing');
  });

  it('rejects a contract that is not approved, of another API, or without a tier', () => {
    expect(causeOf(demand({}, credentials, [contract({ status: 'revoked' })]))).toBe('contract_not_approved');
    expect(causeOf(demand({}, credentials, [contract({ api: 'billing' })]))).toBe('contract_missing');
    const without = demand({}, credentials, [contract({ tier: undefined })]);
    expect(causeOf(without)).toBe('tier_missing');
    expect(without).toMatchObject({ challenge: 'Client-ID-Enforcement' });
  });

  it('does what the tier says while the store is away, else what the policy says', () => {
    const cautious = contract({ tier: { ...GOLD, onStoreFailure: 'local' } });
    expect(demand({}, credentials, [cautious])).toMatchObject({ terms: { onStoreFailure: 'local' } });
    expect(demand({ onStoreFailure: 'allow' }, credentials)).toMatchObject({ terms: { onStoreFailure: 'allow' } });
  });

  it('denies a cost that is none', () => {
    const config = { cost: "#[attributes.headers['x-cost']]" };
    expect(demand(config, { ...credentials, 'x-cost': '3' })).toMatchObject({ cost: 3 });
    expect(demand(config, { ...credentials, 'x-cost': '-3' })).toMatchObject({ reason: 'cost_invalid' });
  });

  it("finds a client's counter for an operator, whatever its status", () => {
    const policy = quotaPolicy(rateLimitingSla, {});
    const contracts = directory([contract({ status: 'revoked' })]);
    const subject = { api: 'orders', clientId: shop.clientId, key: '' };
    expect(policy.demandFor(subject, contracts)).toMatchObject({ key: 'shop-orders', limits: GOLD.limits });
    expect(policy.demandFor({ ...subject, clientId: '' }, contracts)).toBeUndefined();
    expect(policy.demandFor({ ...subject, api: 'billing' }, contracts)).toBeUndefined();
  });

  it.each([
    [{ blockOnUnknownQuota: false, onStoreFailure: 'allow' }, 'blockOnUnknownQuota: says the same thing'],
    [{ clientIdExpression: '#[payload.id]' }, 'clientIdExpression: the expression'],
    [{ clientIdExpression: '' }, 'clientIdExpression: '],
    [{ clientSecretExpression: '#[payload.id]' }, 'clientSecretExpression: the expression'],
    [{ rateLimits: [] }, 'Unrecognized key: "rateLimits"'],
  ])('refuses the options %j', (config, fault) => {
    expect(faults(rateLimitingSla, config).join('\n')).toContain(fault);
  });
});
