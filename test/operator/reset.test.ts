import { mkdtempSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from '@connectrpc/connect';
import { createGrpcTransport } from '@connectrpc/connect-node';
import { describe, expect, it } from 'vitest';
import { Authorization } from '../../gen/envoy/service/auth/v3/external_auth_pb.js';
import { InspectionService } from '../../gen/ostiary/v1/inspection_pb.js';
import { apis, checkOf, client } from './fixture.ts';

describe('ResetCounters', () => {
  const serve = apis();
  const start = async () => {
    const path = join(mkdtempSync(join(tmpdir(), 'ostiary-reset-')), 'api.sock');
    await serve({ address: { kind: 'unix', path, mode: 0o600 } });
    const transport = createGrpcTransport({
      baseUrl: 'http://localhost',
      nodeOptions: { createConnection: () => connect(path) },
    });
    const authorization = createClient(Authorization, transport);
    const check = async (): Promise<string | undefined> => (await authorization.check(checkOf())).httpResponse.case;
    return { check, inspection: createClient(InspectionService, transport) };
  };

  it("closes the client's windows, so that the next request opens new ones", async () => {
    const { check, inspection } = await start();
    for (let i = 0; i < 3; i++) expect(await check()).toBe('okResponse');
    expect(await check()).toBe('deniedResponse');
    const subject = { api: 'orders', clientId: client.clientId };
    expect((await inspection.resetCounters(subject)).windows).toBe(1);
    expect((await inspection.resetCounters(subject)).windows).toBe(0);
    expect(await check()).toBe('okResponse');
  });

  it('leaves the windows that all callers share alone when it is asked for a client', async () => {
    const { check, inspection } = await start();
    await check();
    await inspection.resetCounters({ api: 'orders', clientId: client.clientId });
    const { policies } = await inspection.inspectCounters({ api: 'orders' });
    expect(policies[0]?.counters[0]?.remainingBefore).toBe(99n);
    expect((await inspection.resetCounters({ api: 'orders' })).windows).toBe(1);
  });
});
