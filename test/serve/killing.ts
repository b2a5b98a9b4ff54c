import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { JsonObject } from '@bufbuild/protobuf';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { CheckRequestSchema, CheckResponseSchema } from '../../gen/envoy/service/auth/v3/external_auth_pb.js';
import { CHECK_PATH } from '../../src/envoy/check-service.ts';
import { parseListenAddress } from '../../src/listen/address.ts';
import { entry, httpMessage } from '../analytics/log-message.ts';
import { documentsFolder } from '../e2e/documents.ts';
import { RawClient } from '../grpc/client.ts';
import type { RealOstiary } from '../real/ostiary.ts';
import { scratchFolder } from '../real/scratch.ts';

export const folder = scratchFolder('killed');
export const token = join(folder, 'token');
writeFileSync(token, 'a-token-of-some-length-for-operators');
export const policies = documentsFolder([
  {
    kind: 'Api',
    metadata: { name: 'open' },
    spec: { basePath: '/open', policies: [] },
  },
]);

const request = toBinary(
  CheckRequestSchema,
  create(CheckRequestSchema, {
    attributes: { request: { http: { method: 'GET', host: 'shop.test', path: '/open/1', scheme: 'http' } } },
  }),
);

const clientOf = ({ listen }: RealOstiary): RawClient => new RawClient(parseListenAddress(listen, '--listen', 0o600));

export async function decide(ostiary: RealOstiary, count: number): Promise<JsonObject[]> {
  const client = clientOf(ostiary);
  const told: JsonObject[] = [];
  for (let i = 0; i < count; i++) {
    const bytes = await client.unary(CHECK_PATH, request, { timeoutMs: 5000 });
    told.push(fromBinary(CheckResponseSchema, bytes).dynamicMetadata ?? {});
  }
  client.close();
  return told;
}

export async function log(ostiary: RealOstiary, metadata: readonly JsonObject[]): Promise<void> {
  const client = clientOf(ostiary);
  const stream = client.bidi('/envoy.service.accesslog.v3.AccessLogService/StreamAccessLogs');
  stream.end(httpMessage(...metadata.map((each) => entry({ metadata: each }))));
  await stream.toArray();
  client.close();
}

/** What `ostiary analytics query` prints: requests, and how complete that is. */
export async function query(
  { apiUrl }: RealOstiary,
  time: Readonly<Record<string, string>> = { last: '3600s' },
): Promise<Record<string, number>> {
  const response = await fetch(`${apiUrl}/ostiary.v1.AnalyticsService/Query`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: 'Bearer a-token-of-some-length-for-operators' },
    body: JSON.stringify({ time }),
  });
  const { total, completeness } = (await response.json()) as Record<string, Record<string, string> | undefined>;
  const amounts = Object.entries({ count: total?.['count'] ?? '0', ...completeness });
  return Object.fromEntries(amounts.map(([name, amount]) => [name, Number(amount)]));
}
