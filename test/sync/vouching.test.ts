import { afterEach, describe, expect, it } from 'vitest';
import type { Clock } from '../../src/clock.ts';
import { Code, RpcError } from '../../src/grpc/rpc.ts';
import { EVERYTHING } from '../../src/sync/scope.ts';
import type { Vouching } from '../../src/sync/vouching.ts';
import { startControl, TestSidecar } from './fixture.ts';
import type { TestControl } from './fixture.ts';
import { api, MemoryLog, put } from './memory-log.ts';

const HOUR_MS = 3_600_000;
let aheadMs = 0;
const clock: Clock = { now: () => Date.now() + aheadMs, monotonic: () => performance.now() };

/** A cluster whose tokens are `a.UID.ISSUED`, each for an hour; they name one pod. */
function cluster(scope = { ...EVERYTHING }): Vouching {
  return {
    async ofToken(token) {
      const [, uid = '', issued = ''] = token.split('.');
      const issuedAt = Number(issued);
      const expiresAt = issuedAt + HOUR_MS;
      if (clock.now() >= expiresAt) throw new RpcError(Code.unauthenticated, 'the token has expired');
      return { subject: 'kubernetes:test shop/web-0', instance: uid, node: 'shop/web-0', scope, issuedAt, expiresAt };
    },
    ofCertificate() {
      throw new RpcError(Code.unauthenticated, 'nobody');
    },
  };
}

describe('a sidecar by the token of its pod', () => {
  const closing: { close(): Promise<void> }[] = [];
  afterEach(async () => {
    for (const each of closing.splice(0).toReversed()) await each.close();
    aheadMs = 0;
  });

  const issue = (uid = 'u1'): string => `a.${uid}.${clock.now()}`;

  async function opened(token: () => string): Promise<{ plane: TestControl; log: MemoryLog; one: TestSidecar }> {
    const log = new MemoryLog();
    await put(log, api('orders'));
    const plane = await startControl(log, { vouching: cluster(), clock });
    const one = new TestSidecar(() => plane, { token });
    closing.push(plane, one);
    await one.opened();
    return { plane, log, one };
  }

  it('goes on with the next token without a gap, and gets only what it lacks', async () => {
    let token = issue();
    const { plane, log, one } = await opened(() => token);
    expect((await plane.store.list())[0]).toMatchObject({ node: 'shop/web-0' });
    token = issue();
    one.renew();
    const revision = await put(log, api('meals'));
    await one.until(() => one.revision === revision);
    expect(one.names).toEqual(['Api meals', 'Api orders']);
    expect([one.snapshots, plane.followers.size]).toEqual([1, 1]);
    expect(one.said.filter((said) => said.includes('disconnected'))).toEqual([]);
  });

  it('is let go when its token ends, and comes back with another one', async () => {
    let token = issue();
    const { plane, log, one } = await opened(() => token);
    aheadMs = HOUR_MS + 1;
    await one.until(() => one.said.some((said) => said.includes('the token has expired')));
    expect(plane.followers.size).toBe(0);
    const revision = await put(log, api('meals'));
    token = issue();
    await one.until(() => one.revision === revision);
    expect(one.snapshots).toBe(1);
  });

  it('loses its place to a pod that came later, and does not get it back', async () => {
    const old = issue('u1');
    const { plane, one } = await opened(() => old);
    aheadMs = 60_000;
    const two = new TestSidecar(() => plane, { token: () => issue('u2') });
    closing.push(two);
    await two.opened();
    await one.until(() => one.said.some((said) => said.includes('another pod has taken the place of shop/web-0')));
    expect(plane.followers.size).toBe(1);
  });
});
