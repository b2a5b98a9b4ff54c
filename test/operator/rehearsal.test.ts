import { create, toBinary } from '@bufbuild/protobuf';
import { expect, it } from 'vitest';
import { CheckRequestSchema } from '../../gen/envoy/service/auth/v3/external_auth_pb.js';
import { decide } from '../../src/decision/pipeline.ts';
import { createInspector } from '../../src/operator/inspector.ts';
import { access, apiOf, bound, checkOf, grantAll, portsOf, snapshotOf } from '../policy/fixtures.ts';

it('a policy knows an operator’s question from a caller’s request', async () => {
  const seen: (boolean | undefined)[] = [];
  const policy = access(({ isRehearsal }) => {
    seen.push(isRehearsal);
    return {};
  });
  const snapshot = snapshotOf([apiOf({ name: 'orders', access: [bound('p', policy)] })]);
  const health = () => ({ kind: 'memory', available: true, detail: '' }) as const;
  const store = { take: grantAll, peek: grantAll, reset: () => 0, health, close: () => Promise.resolve() };
  const inspector = createInspector({ snapshot: () => snapshot, faults: () => [], store, ports: portsOf() });
  const http = { method: 'GET', path: '/', host: 'example.com' };
  const bytes = toBinary(CheckRequestSchema, create(CheckRequestSchema, { attributes: { request: { http } } }));
  const call = { deadline: Infinity, signal: new AbortController().signal, connection: {} };
  await inspector.explain(bytes, snapshot, call);
  await decide(snapshot, checkOf(), portsOf(), Infinity);
  expect(seen).toEqual([true, false]);
});
