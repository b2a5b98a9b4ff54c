import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Code, ConnectError, createClient } from '@connectrpc/connect';
import type { Interceptor } from '@connectrpc/connect';
import { createGrpcTransport } from '@connectrpc/connect-node';
import { describe, expect, it } from 'vitest';
import { Authorization } from '../../gen/envoy/service/auth/v3/external_auth_pb.js';
import {
  InspectionService,
  Outcome,
  PolicyStep_Mode as Mode,
  PolicyStep_Result as Result,
} from '../../gen/ostiary/v1/inspection_pb.js';
import type { Counter } from '../../gen/ostiary/v1/inspection_pb.js';
import { StoreUnavailable } from '../../src/quota/store.ts';
import { scratchFolder } from '../real/scratch.ts';
import { apis, checkOf, client } from './fixture.ts';

const tokenFile = join(scratchFolder('token'), 'token');
const token = 'c0ffee'.repeat(8);
writeFileSync(tokenFile, token);
const withToken: Interceptor = (next) => (request) => {
  request.header.set('authorization', `Bearer ${token}`);
  return next(request);
};

const subject = { api: 'orders', clientId: client.clientId };

describe('the InspectionService', () => {
  const serve = apis();
  const start = async (...options: Parameters<typeof serve>) => {
    const [given, ...loaded] = options;
    const api = await serve({ tokenFile, ...given }, ...loaded);
    const transport = createGrpcTransport({ baseUrl: api.url, interceptors: [withToken] });
    return {
      ...api,
      inspection: createClient(InspectionService, transport),
      authorization: createClient(Authorization, transport),
    };
  };
  const remaining = (counters: readonly Counter[]): [bigint, bigint][] =>
    counters.map(({ remainingBefore, remainingAfter }) => [remainingBefore, remainingAfter]);

  it('explains an allow policy by policy, and charges nothing', async () => {
    const { inspection, authorization } = await start();
    await authorization.check(checkOf());
    for (let i = 0; i < 5; i++) await inspection.explain({ check: checkOf() });
    const explained = await inspection.explain({ check: checkOf() });
    expect(explained).toMatchObject({
      verdict: { outcome: Outcome.ALLOW, httpStatus: 0, reason: '', policy: '' },
      api: 'orders',
      snapshotVersion: 'v1',
      answer: { httpResponse: { case: 'okResponse' } },
    });
    const [sla, everyone] = explained.steps;
    expect(sla).toMatchObject({
      name: 'orders/0',
      policy: 'rate-limiting-sla',
      result: Result.ALLOW,
      mode: Mode.ENFORCE,
    });
    expect(sla?.client).toMatchObject({ id: client.clientId, name: 'shop', contract: 'shop-orders', tier: 'gold' });
    expect(sla?.counters[0]).toMatchObject({ name: 'burst', limit: 3n, windowMs: 60_000n });
    expect(remaining(sla!.counters)).toEqual([[2n, 1n]]);
    expect(Number(sla?.counters[0]?.resetMs)).toBeGreaterThan(50_000);
    expect(everyone?.name).toBe('limit-all');
  });

  it('says that no window is open where nothing was charged', async () => {
    const { inspection } = await start();
    const { steps } = await inspection.explain({ check: checkOf() });
    expect(steps[0]?.counters[0]).toMatchObject({ remainingBefore: 3n, remainingAfter: 2n, resetMs: 0n });
  });

  it('explains a spent quota: nothing would be charged to any window', async () => {
    const { inspection, authorization } = await start();
    for (let i = 0; i < 3; i++) await authorization.check(checkOf());
    const { verdict, steps } = await inspection.explain({ check: checkOf() });
    expect(verdict).toMatchObject({
      outcome: Outcome.DENY,
      httpStatus: 429,
      reason: 'quota_spent',
      policy: 'orders/0',
    });
    expect(verdict?.detail).toContain('0 left of 3');
    expect(steps[0]).toMatchObject({ result: Result.DENY, reason: 'quota_spent' });
    expect(remaining(steps[0]!.counters)).toEqual([[0n, 0n]]);
    expect(steps[1]?.result).toBe(Result.NOT_REACHED);
    expect(steps[1]?.counters.every(({ remainingBefore, remainingAfter }) => remainingBefore === remainingAfter)).toBe(
      true,
    );
  });

  it('explains a client it does not know, and lists what was not reached', async () => {
    const { inspection } = await start();
    const { verdict, steps, answer } = await inspection.explain({ check: checkOf({ client_id: 'stranger' }) });
    expect(verdict).toMatchObject({
      outcome: Outcome.DENY,
      httpStatus: 401,
      reason: 'client_rejected',
      policy: 'orders/0',
    });
    expect(steps.map(({ result }) => result)).toEqual([Result.DENY, Result.NOT_REACHED]);
    // The caller is told less than the operator.
    if (answer?.httpResponse.case !== 'deniedResponse') throw new Error('not denied');
    expect(answer.httpResponse.value.body).not.toContain('stranger');
  });

  it('explains a request that no API matches, and one without HTTP', async () => {
    const { inspection } = await start();
    const elsewhere = { attributes: { request: { http: { method: 'GET', host: 'elsewhere', path: '/' } } } };
    expect((await inspection.explain({ check: elsewhere })).verdict).toMatchObject({
      outcome: Outcome.DENY,
      httpStatus: 403,
    });
    expect((await inspection.explain({ check: {} })).verdict?.outcome).toBe(Outcome.DENY);
  });

  it('wants a Check to explain', async () => {
    const { inspection } = await start();
    await expect(inspection.explain({})).rejects.toMatchObject({
      code: Code.InvalidArgument,
      rawMessage: expect.stringContaining('check'),
    });
  });

  it('lists the APIs with their policies, tiers and contracts', async () => {
    const { inspection } = await start();
    const { apis: listed } = await inspection.listApis({});
    expect(listed).toMatchObject([
      {
        name: 'orders',
        labels: { team: 'shop' },
        hosts: ['orders.example.com'],
        basePath: '/orders',
        policies: [
          { name: 'orders/0', policy: 'rate-limiting-sla', order: 50, mode: Mode.ENFORCE },
          { name: 'limit-all', policy: 'rate-limiting', order: 60 },
        ],
        tiers: [{ name: 'gold', limits: [{ name: 'burst', maximumRequests: 3n, timePeriodInMilliseconds: 60_000n }] }],
        contracts: 1,
      },
    ]);
  });

  it('tells the faults of the last reload beside the snapshot that stays in force', async () => {
    const fault = { file: 'a.yaml', line: 3, column: 5, field: 'spec.hosts', message: 'expected a list' };
    const { snapshot } = await import('./fixture.ts');
    const { inspection } = await start(
      {},
      { snapshot: { ...snapshot(), loadedAt: 1500, sources: ['a.yaml'] }, faults: [fault] },
    );
    expect(await inspection.getSnapshot({})).toMatchObject({
      version: 'v1',
      loadedAt: { seconds: 1n, nanos: 500_000_000 },
      sources: ['a.yaml'],
      faults: [fault],
      apis: 1,
      contracts: 1,
    });
  });

  it('says that nothing is loaded yet', async () => {
    const { inspection } = await start({}, { snapshot: undefined });
    await expect(inspection.getSnapshot({})).rejects.toMatchObject({ code: Code.Unavailable });
    await expect(inspection.explain({ check: {} })).rejects.toMatchObject({ code: Code.Unavailable });
  });

  it('shows the windows of a client, before a charge', async () => {
    const { inspection, authorization } = await start();
    await authorization.check(checkOf());
    const { policies } = await inspection.inspectCounters(subject);
    expect(policies.map(({ name, policy }) => [name, policy])).toEqual([['orders/0', 'rate-limiting-sla']]);
    expect(remaining(policies[0]!.counters)).toEqual([[2n, 2n]]);
    expect(Number(policies[0]!.counters[0]!.resetMs)).toBeGreaterThan(0);
    await authorization.check(checkOf());
    await authorization.check(checkOf());
    expect(remaining((await inspection.inspectCounters(subject)).policies[0]!.counters)).toEqual([[0n, 0n]]);
  });

  it('shows the windows that all callers share', async () => {
    const { inspection, authorization } = await start();
    await authorization.check(checkOf());
    const { policies } = await inspection.inspectCounters({ api: 'orders' });
    expect(policies.map(({ name }) => name)).toEqual(['limit-all']);
    expect(remaining(policies[0]!.counters)).toEqual([[99n, 99n]]);
  });

  it.each([
    ['no API', {}, Code.InvalidArgument, 'api'],
    ['an API that does not exist', { api: 'nope' }, Code.NotFound, 'nope'],
    ['a client and a key', { ...subject, key: 'k' }, Code.InvalidArgument, 'client_id, key'],
    ['a client without a contract', { ...subject, clientId: 'stranger' }, Code.NotFound, 'contract'],
    ['a key where no policy has one', { api: 'orders', key: 'k' }, Code.NotFound, 'this key'],
  ])('refuses to look for counters of %s', async (_what, request, code, message) => {
    const { inspection } = await start();
    const error = await inspection.inspectCounters(request).catch((reason: unknown) => ConnectError.from(reason));
    expect(error).toMatchObject({ code, rawMessage: expect.stringContaining(message) });
  });

  it('says that the store can not tell', async () => {
    const { inspection, store } = await start();
    store.peek = () => {
      throw new StoreUnavailable('it is loading');
    };
    await expect(inspection.inspectCounters(subject)).rejects.toMatchObject({
      code: Code.Unavailable,
      rawMessage: expect.stringContaining('it is loading'),
    });
  });

  it('shows no counters of its own making where the store is away', async () => {
    const { inspection, store } = await start();
    store.peek = () => ({ granted: true, windows: [[]], byOutagePolicy: true });
    await expect(inspection.inspectCounters(subject)).rejects.toMatchObject({ code: Code.Unavailable });
  });
});
