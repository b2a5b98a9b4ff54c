import { randomBytes } from 'node:crypto';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import type { DescMethodUnary, MessageInitShape, MessageShape } from '@bufbuild/protobuf';
import { afterEach, describe, expect, it } from 'vitest';
import { SidecarService, SidecarState } from '../../gen/ostiary/v1/sidecars_pb.js';
import { systemClock as clock } from '../../src/clock.ts';
import { sidecarMethods } from '../../src/control/sidecar-service.ts';
import type { Inside } from '../../src/database/inside.ts';
import { Code, RpcError } from '../../src/grpc/rpc.ts';
import { startControl, TestSidecar } from '../sync/fixture.ts';
import type { TestControl } from '../sync/fixture.ts';
import { api, MemoryLog, put } from '../sync/memory-log.ts';
import type { AuditTrail } from '../../src/audit/trail.ts';
import { ADMINISTRATOR } from './administrator.ts';
import type { ControlAccess } from '../../src/control/access.ts';

const CLOSING: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const each of CLOSING.splice(0).toReversed()) await each.close();
});

/** A store in memory, which has no transactions, and nowhere to keep events. */
function storing({ store }: TestControl) {
  const recorded: AuditTrail['recorded'] = async (work, eventsOf) => {
    const done = await work({} as Inside);
    eventsOf(done);
    return done;
  };
  const trail: AuditTrail = { note: () => {}, record: async () => {}, recorded };
  return { store: Object.assign(store, { in: () => store }), trail };
}

type Call = <D extends DescMethodUnary>(
  method: D,
  request?: MessageInitShape<D['input']>,
) => Promise<MessageShape<D['output']>>;

async function opened(): Promise<{ log: MemoryLog; plane: TestControl; call: Call }> {
  const log = new MemoryLog();
  const plane = await startControl(log);
  CLOSING.push(plane);
  const access: ControlAccess = async (path, { authorization }) => {
    if (authorization === 'Bearer admin') return ADMINISTRATOR;
    throw new RpcError(Code.permissionDenied, path);
  };
  const methods = sidecarMethods({ ...plane, ...storing(plane), log, access, clock, randomBytes });
  const call: Call = async (method, request) => {
    const found = methods.find(({ path }) => path === `/ostiary.v1.SidecarService/${method.name}`);
    if (found?.kind !== 'unary') throw new Error(`there is no ${method.name}`);
    const { signal } = new AbortController();
    const bytes = toBinary(method.input, create(method.input, request));
    const answer = await found.handle(bytes, { deadline: Infinity, signal, authorization: 'Bearer admin' });
    return fromBinary(method.output, answer) as MessageShape<(typeof method)['output']>;
  };
  return { log, plane, call };
}

const { createSidecarToken, listSidecars, forgetSidecar, getReceipt, adoptHistories } = SidecarService.method;

describe('SidecarService', () => {
  it('makes a token, with which a sidecar joins that is then listed', async () => {
    const { log, plane, call } = await opened();
    await put(log, api('orders'));
    const { token } = await call(createSidecarToken, { name: 'mesh' });
    const one = new TestSidecar(() => plane, { token });
    CLOSING.push(one);
    await one.opened();
    const revision = await put(log, api('stock'));
    const { receipt } = await call(getReceipt, { revision: BigInt(revision), wait: { seconds: 5n, nanos: 0 } });
    expect(receipt).toMatchObject({ revision: BigInt(revision), enforced: 1, pending: [], unreachable: [] });
    const { sidecars } = await call(listSidecars);
    expect(sidecars).toMatchObject([
      { node: 'one', state: SidecarState.IN_SYNC, version: 'test', revision: BigInt(revision) },
    ]);
    expect((await call(listSidecars, { lagging: true })).sidecars).toEqual([]);
    await one.close();
    await plane.followers.presence.flush();
    expect((await call(listSidecars)).sidecars).toMatchObject([{ state: SidecarState.LEFT }]);
  });

  it('forgets a sidecar, whose stream ends', async () => {
    const { log, plane, call } = await opened();
    await put(log, api('orders'));
    const { token } = await call(createSidecarToken, { mostUses: 1 });
    const one = new TestSidecar(() => plane, { token });
    CLOSING.push(one);
    await one.opened();
    await call(forgetSidecar, { node: 'one' });
    await one.until(() => one.said.some((line) => line.includes('forgotten')));
    expect((await call(listSidecars)).sidecars).toEqual([]);
    await expect(call(forgetSidecar, { node: 'one' })).rejects.toMatchObject({ code: Code.notFound });
    // The token was for one sidecar.
    await one.until(() => one.said.some((line) => line.includes('used up')));
    expect(one.names).toEqual(['Api orders']);
  });

  it('tells sidecars of another history to take this one', async () => {
    const { log, plane, call } = await opened();
    await put(log, api('orders'));
    const { token } = await call(createSidecarToken);
    let current = plane;
    const one = new TestSidecar(() => current, { token });
    CLOSING.push(one);
    await one.opened();
    const other = new MemoryLog();
    await put(other, api('stock'));
    await put(other, api('bills'));
    const otherPlane = await startControl(other, { store: plane.store });
    CLOSING.push(otherPlane);
    current = otherPlane;
    await plane.followers.close();
    await one.until(() => one.said.includes('unknown history'));
    expect(one.names).toEqual(['Api orders']);
    await otherPlane.followers.presence.flush();
    const methods = {
      ...otherPlane,
      ...storing(otherPlane),
      log: other,
      access: async () => ADMINISTRATOR,
      clock,
      randomBytes,
    };
    const adopt = sidecarMethods(methods).find(({ path }) => path.endsWith('/AdoptHistories'));
    if (adopt?.kind !== 'unary') throw new Error('there is no AdoptHistories');
    const request = toBinary(adoptHistories.input, create(adoptHistories.input));
    const answer = await adopt.handle(request, { deadline: Infinity, signal: new AbortController().signal });
    const { history } = await log.head();
    expect(fromBinary(adoptHistories.output, answer).adopted).toMatchObject([{ history, nodes: ['one'] }]);
    await one.until(() => one.names.includes('Api stock'));
    expect(one.names).toEqual(['Api bills', 'Api stock']);
    const revision = await put(other, api('orders'));
    await one.until(() => one.revision === revision);
  });

  it('asks the access of who calls', async () => {
    const { plane, log } = await opened();
    const access = async () => {
      throw new RpcError(Code.permissionDenied, 'no');
    };
    for (const method of sidecarMethods({ ...plane, ...storing(plane), log, access, clock, randomBytes })) {
      if (method.kind !== 'unary') throw new Error('all are unary');
      const call = { deadline: Infinity, signal: new AbortController().signal };
      await expect(method.handle(new Uint8Array(), call)).rejects.toMatchObject({ code: Code.permissionDenied });
    }
  });
});
