// What reading a Check and writing its answer cost, beside protobuf-es. Run: node bench/wire.ts
import { fromBinary } from '@bufbuild/protobuf';
import { CheckRequestSchema } from '../gen/envoy/service/auth/v3/external_auth_pb.js';
import type { Decision } from '../src/decision/decision.ts';
import { reasons } from '../src/denial/reasons.ts';
import { readCheck } from '../src/envoy/read-check.ts';
import { createAnswerWriter } from '../src/envoy/write-answer.ts';
import { realisticCheck } from './realistic-check.ts';
import { nanosecondsPerCall } from './timing.ts';

const BYTES = Buffer.from(
  realisticCheck({ streamId: '301668583215567008', clientId: '0f9d1f3e5d8c4a2b', token: 'eyJhbGciOi'.repeat(80) }),
);
const NAMES = ['authorization', 'client_id', 'client_secret', 'x-forwarded-for', 'content-type'];

function report(what: string, nanoseconds: number): void {
  console.log(`${what.padEnd(64)} ${nanoseconds.toFixed(0).padStart(7)} ns`);
}

console.log(`a Check of ${BYTES.length} bytes`);
report(
  'readCheck, nothing read',
  nanosecondsPerCall(() => (readCheck(BYTES).isHttp ? 1 : 0)),
);
report(
  'readCheck, 5 headers, method, path, host',
  nanosecondsPerCall(() => {
    const check = readCheck(BYTES);
    let length = check.method.length + check.path.length + check.host.length;
    for (const name of NAMES) length += check.header(name)?.length ?? 0;
    return length;
  }),
);
/** Of the identity headers that ostiary owns whatever is configured. */
const LENGTHS = new Uint8Array(22);
for (const length of [14, 19, 21]) LENGTHS[length] = 1;
report(
  'and the names with an underscore, peer, stream id, time',
  nanosecondsPerCall(() => {
    const check = readCheck(BYTES);
    let length = check.method.length + check.path.length + check.host.length + check.sourceAddress.length;
    for (const name of NAMES) length += check.header(name)?.length ?? 0;
    return length + check.headerNamesWithSigns(LENGTHS).length + check.streamId.length + check.requestTime.length;
  }),
);
report(
  'protobuf-es, the whole message',
  nanosecondsPerCall(() => fromBinary(CheckRequestSchema, BYTES).attributes?.request?.http?.path.length ?? 0, 20_000),
);

const writer = createAnswerWriter();
const CLIENT = { name: 'web-shop', clientId: '0f9d1f3e5d8c4a2b', secrets: [] };
const TIER = { name: 'gold', limits: [] };
const allow: Decision = {
  api: 'orders',
  denial: undefined,
  policy: '',
  identity: {
    client: CLIENT,
    contract: { name: 'web-shop-orders', api: 'orders', client: CLIENT, status: 'approved', tier: TIER },
  },
  upstream: [
    ['x-ostiary-client-id', CLIENT.clientId],
    ['x-ostiary-client-name', CLIENT.name],
    ['x-ostiary-tier', TIER.name],
  ],
  remove: ['x_ostiary_client_id', 'x_ostiary_client_name', 'x_ostiary_tier'],
  exposed: [],
  steps: [],
  snapshotVersion: '1',
};
const windows = [100, 10_000].map((maximumRequests) => ({
  limit: { maximumRequests, timePeriodInMilliseconds: 1000 },
  remaining: 0,
  resetMs: 500,
}));
const check = readCheck(BYTES);
const decisions = {
  'an allow as before': () => allow,
  'an allow with other headers': (i: number) => ({
    ...allow,
    upstream: [...allow.upstream, ['x-sub', `${i}`] as const],
  }),
  'an allow with rate headers': () => ({ ...allow, exposed: windows }),
  'a denial, quota spent': () => ({
    ...allow,
    denial: { reason: 'quota_spent' as const, detail: '', windows, cost: 1 },
    policy: 'orders-quota',
  }),
};
for (const [what, decision] of Object.entries(decisions)) {
  let i = 0;
  report(
    `write ${what}`,
    nanosecondsPerCall(() => writer(decision(i++), check, reasons).length),
  );
}
