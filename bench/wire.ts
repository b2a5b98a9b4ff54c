// What reading a Check and writing its answer cost, beside protobuf-es. Run: node bench/wire.ts
import { fromBinary } from '@bufbuild/protobuf';
import { CheckRequestSchema } from '../gen/envoy/service/auth/v3/external_auth_pb.js';
import { readCheck } from '../src/envoy/read-check.ts';
import { realisticCheck } from './realistic-check.ts';
import { nanosecondsPerCall } from './timing.ts';

const bytes = Buffer.from(realisticCheck({ clientId: '0f9d1f3e5d8c4a2b', token: 'eyJhbGciOi'.repeat(80) }));
const names = ['authorization', 'client_id', 'client_secret', 'x-forwarded-for', 'content-type'];

function report(what: string, nanoseconds: number): void {
  console.log(`${what.padEnd(64)} ${nanoseconds.toFixed(0).padStart(7)} ns`);
}

console.log(`a Check of ${bytes.length} bytes`);
report(
  'readCheck, nothing read',
  nanosecondsPerCall(() => (readCheck(bytes).isHttp ? 1 : 0)),
);
report(
  'readCheck, 5 headers, method, path, host',
  nanosecondsPerCall(() => {
    const check = readCheck(bytes);
    let length = check.method.length + check.path.length + check.host.length;
    for (const name of names) length += check.header(name)?.length ?? 0;
    return length;
  }),
);
report(
  'and the names with an underscore, peer, stream id, time',
  nanosecondsPerCall(() => {
    const check = readCheck(bytes);
    let length = check.method.length + check.path.length + check.host.length + check.sourceAddress.length;
    for (const name of names) length += check.header(name)?.length ?? 0;
    return length + check.headerNamesWithUnderscore().length + check.streamId.length + check.requestTime.length;
  }),
);
report(
  'protobuf-es, the whole message',
  nanosecondsPerCall(() => fromBinary(CheckRequestSchema, bytes).attributes?.request?.http?.path.length ?? 0, 20_000),
);
