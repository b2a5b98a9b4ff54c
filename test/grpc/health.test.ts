import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import type { ClientReadableStream } from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';
import {
  HealthCheckRequestSchema,
  HealthCheckResponseSchema,
  HealthCheckResponse_ServingStatus as Status,
  HealthListResponseSchema,
} from '../../gen/health/v1/health_pb.js';
import { Health } from '../../src/grpc/health.ts';
import { Code } from '../../src/grpc/rpc.ts';
import { statusOf } from './client.ts';
import type { RawClient } from './client.ts';
import { listeners } from './fixture.ts';
import { transports } from './transports.ts';

const AUTHORIZATION = 'envoy.service.auth.v3.Authorization';
const request = (service: string): Uint8Array =>
  toBinary(HealthCheckRequestSchema, create(HealthCheckRequestSchema, { service }));
const read = (bytes: Uint8Array): Status => fromBinary(HealthCheckResponseSchema, bytes).status;
const check = async (client: RawClient, service: string): Promise<Status> =>
  read(await client.unary('/grpc.health.v1.Health/Check', request(service)));

/** The statuses of a Watch, as they come. */
function watch(client: RawClient, service: string) {
  const stream: ClientReadableStream<Buffer> = client.serverStream('/grpc.health.v1.Health/Watch', request(service));
  stream.on('error', () => {});
  const messages = stream[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  return {
    next: async (): Promise<Status> => read((await messages.next()).value as Buffer),
    end: (): Promise<{ code: number }> => statusOf(messages.next()),
    cancel: (): void => stream.cancel(),
  };
}

describe.each(transports)('health on $name', ({ transport }) => {
  const serve = listeners(transport);
  const start = async () => {
    const health = new Health(['', AUTHORIZATION]);
    return { health, ...(await serve(health.methods())) };
  };

  it('is NOT_SERVING until it is said otherwise, for each service apart', async () => {
    const { health, client } = await start();
    expect(await check(client, '')).toBe(Status.NOT_SERVING);
    health.setServing(AUTHORIZATION, true);
    expect(await check(client, AUTHORIZATION)).toBe(Status.SERVING);
    expect(await check(client, '')).toBe(Status.NOT_SERVING);
    health.setAllServing(true);
    expect(await check(client, '')).toBe(Status.SERVING);
  });

  it('answers NOT_FOUND to a Check of an unknown service', async () => {
    const { client } = await start();
    expect((await statusOf(check(client, 'no.Such'))).code).toBe(Code.notFound);
    expect((await statusOf(check(client, '__proto__'))).code).toBe(Code.notFound);
  });

  it('answers INVALID_ARGUMENT to what is not a request', async () => {
    const { client } = await start();
    const call = client.unary('/grpc.health.v1.Health/Check', Buffer.from([0x0a, 0xff]));
    expect((await statusOf(call)).code).toBe(Code.invalidArgument);
  });

  it('lists every service', async () => {
    const { health, client } = await start();
    health.setServing('', true);
    const { statuses } = fromBinary(HealthListResponseSchema, await client.unary('/grpc.health.v1.Health/List'));
    expect(Object.entries(statuses).map(([name, { status }]) => [name, status])).toEqual([
      ['', Status.SERVING],
      [AUTHORIZATION, Status.NOT_SERVING],
    ]);
  });

  it('tells a Watch the status at once, then each change and nothing twice', async () => {
    const { health, client } = await start();
    const watching = watch(client, AUTHORIZATION);
    expect(await watching.next()).toBe(Status.NOT_SERVING);
    health.setServing('', true);
    health.setServing(AUTHORIZATION, true);
    expect(await watching.next()).toBe(Status.SERVING);
    health.setServing(AUTHORIZATION, true);
    health.setServing(AUTHORIZATION, false);
    expect(await watching.next()).toBe(Status.NOT_SERVING);
    watching.cancel();
  });

  it('tells a Watch of an unknown service SERVICE_UNKNOWN, and its status once it is known', async () => {
    const { health, client } = await start();
    const watching = watch(client, 'later.Service');
    expect(await watching.next()).toBe(Status.SERVICE_UNKNOWN);
    health.setServing('later.Service', true);
    expect(await watching.next()).toBe(Status.SERVING);
    watching.cancel();
  });

  it('keeps nothing of a Watch that its caller has left', async () => {
    const { health, client } = await start();
    for (let round = 0; round < 20; round++) {
      const watching = watch(client, AUTHORIZATION);
      await watching.next();
      expect(health.watches).toBeGreaterThan(0);
      watching.cancel();
    }
    await expect.poll(() => health.watches).toBe(0);
  });

  it('says NOT_SERVING for good and ends every Watch when it closes', async () => {
    const { health, client } = await start();
    health.setAllServing(true);
    const watching = watch(client, '');
    expect(await watching.next()).toBe(Status.SERVING);
    health.close();
    expect(await watching.next()).toBe(Status.NOT_SERVING);
    expect((await watching.end()).code).toBe(Code.unavailable);
    health.setAllServing(true);
    expect(await check(client, '')).toBe(Status.NOT_SERVING);
  });

  it('does not hold up a drain with a Watch after it closed', async () => {
    const { health, client, listener } = await start();
    const watching = watch(client, '');
    await watching.next();
    health.close();
    // Far longer than a test may take.
    await listener.drain(600_000);
  });
});
