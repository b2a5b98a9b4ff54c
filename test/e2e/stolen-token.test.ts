import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { AuditService } from '../../gen/ostiary/v1/audit_pb.js';
import { ResourceService } from '../../gen/ostiary/v1/resources_pb.js';
import { SidecarService } from '../../gen/ostiary/v1/sidecars_pb.js';
import { FollowRequestSchema, FollowResponseSchema } from '../../gen/ostiary/v1/sync_pb.js';
import { systemClock } from '../../src/clock.ts';
import { grpcConnection } from '../../src/sync/grpc-connection.ts';
import type { ControlConnection } from '../../src/sync/connection.ts';
import { RawClient } from '../grpc/client.ts';
import { runMain } from '../cli/run-main.ts';
import { document, writeFolder } from '../document/documents.ts';
import { startControlPlane } from '../real/control-plane.ts';
import type { RealControlPlane } from '../real/control-plane.ts';
import { scratchFolder } from '../real/scratch.ts';

const inShop = (kind: 'Api' | 'ClientApplication' | 'Contract', name: string, spec: object) => {
  const made = document(kind, name, spec);
  return { ...made, metadata: { ...made.metadata, namespace: 'shop' } };
};
const STREAMS: ReadonlySet<string> = new Set(['Watch: 16 415', 'Export: 16 415']);

const DOCUMENTS = [
  document('Api', 'orders', { basePath: '/orders' }),
  document('Api', 'stock', { basePath: '/stock' }),
  document('ClientApplication', 'web', { clientId: 'web' }),
  document('ClientApplication', 'idle', { clientId: 'idle' }),
  document('Contract', 'web-orders', { api: 'orders', clientApplication: 'web', status: 'approved' }),
  inShop('Api', 'bills', { basePath: '/bills' }),
  inShop('ClientApplication', 'till', { clientId: 'till' }),
];

describe('whoever has stolen what a sidecar has', () => {
  let control: RealControlPlane;
  let connection: ControlConnection;
  let tokens: readonly string[];
  let credential: string;

  beforeAll(async () => {
    control = await startControlPlane(join(scratchFolder('stolen'), 'data'));
    expect(await ostiary('apply', '-f', writeFolder({ 'a.json': DOCUMENTS }))).toMatchObject({ code: 0 });
    connection = grpcConnection(control.url, undefined, systemClock);
    tokens = [await tokenOf('--scope-api', 'orders'), await tokenOf('--scope-namespace', 'shop')];
    ({ credential } = await connection.join(tokens[0] ?? '', 'one', '1'));
    await connection.join(tokens[1] ?? '', 'other', '1');
  });
  afterAll(async () => {
    connection?.close();
    await control?.stop();
  });

  const ostiary = (...argv: string[]) => runMain(argv, control.env);
  const tokenOf = async (...scope: string[]) =>
    (await ostiary('token', 'create', '--sidecar', '--name', 'test', ...scope)).stdout.trim();

  /** Everything that the control plane sends until it has sent all. */
  async function readAs(given: string): Promise<readonly string[]> {
    const stream = connection.follow(given);
    const hello = { version: '1', labels: { tier: 'gold', namespace: 'shop' } };
    const message = { case: 'hello' as const, value: hello };
    stream.send(toBinary(FollowRequestSchema, create(FollowRequestSchema, { message })));
    const names: string[] = [];
    try {
      for (;;) {
        const next = await stream.messages.next();
        if (next.done === true) return names;
        const { message: told } = fromBinary(FollowResponseSchema, next.value);
        if (told.case !== 'update') continue;
        names.push(...told.value.upserts.map(({ kind, namespace, name }) => `${kind} ${namespace}/${name}`));
        if (told.value.commit !== undefined) return names.toSorted();
      }
    } finally {
      stream.cancel();
    }
  }

  test('reads what is within its scope, whatever is asked for, and no other', async () => {
    expect(await readAs(credential)).toEqual([
      'Api default/orders',
      'ClientApplication default/web',
      'Contract default/web-orders',
    ]);
    await expect(readAs(tokens[0] ?? '')).rejects.toThrow('the credential is unknown here');
  });

  test('calls no method of those who administer, over gRPC or HTTP', async () => {
    const port = Number(new URL(control.url).port);
    const client = new RawClient({ kind: 'tcp', host: '127.0.0.1', port });
    const answers: string[] = [];
    for (const service of [ResourceService, AuditService, SidecarService]) {
      for (const { name } of service.methods) {
        const path = `/${service.typeName}/${name}`;
        for (const given of [credential, tokens[0] ?? '']) {
          const { code } = await new Promise<{ code: number }>((resolve) => {
            const call = client.bidi(path, { authorization: `Bearer ${given}` });
            call.on('error', () => {});
            call.on('status', resolve);
            call.resume();
            call.end(Buffer.alloc(0));
          });
          const { status } = await fetch(`${control.url}${path}`, {
            method: 'POST',
            headers: { 'content-type': 'application/json', authorization: `Bearer ${given}` },
            body: '{}',
          });
          answers.push(`${name}: ${code} ${status}`);
        }
      }
    }
    client.close();
    // They are streams, which are not called by JSON alone.
    expect(answers.filter((answer) => !answer.endsWith(': 16 401') && !STREAMS.has(answer))).toEqual([]);
    expect(answers.length).toBeGreaterThan(20);
    expect((await ostiary('audit', '-o', 'json')).stdout).not.toContain('"revision": "8"');
  });

  test('takes the place of no sidecar that has joined with another token', async () => {
    await expect(connection.join(tokens[0] ?? '', 'other', '1')).rejects.toMatchObject({ code: 7 });
    expect((await ostiary('sidecars', '-o', 'json')).stdout).toContain('"other"');
  });

  test('is shut out once the sidecar is forgotten', async () => {
    expect((await ostiary('sidecars', 'forget', 'one')).code).toBe(0);
    await expect(readAs(credential)).rejects.toThrow('the credential is unknown here');
  });
});
