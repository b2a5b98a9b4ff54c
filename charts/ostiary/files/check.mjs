// Asks a running ostiary for one Check over gRPC, as Envoy does, and prints the answer.
import { toJsonString } from '@bufbuild/protobuf';
import { createClient } from '@connectrpc/connect';
import { createGrpcTransport } from '@connectrpc/connect-node';
const { Authorization, CheckResponseSchema } = await import('/app/gen/envoy/service/auth/v3/external_auth_pb.js');
const { OSTIARY_TEST_ADDRESS, OSTIARY_TEST_HOST, OSTIARY_TEST_PATH, OSTIARY_TEST_STATUS } = process.env;
const client = createClient(Authorization, createGrpcTransport({ baseUrl: `http://${OSTIARY_TEST_ADDRESS}` }));
const http = { method: 'GET', path: OSTIARY_TEST_PATH, host: OSTIARY_TEST_HOST, headers: {} };
const answer = await client.check({ attributes: { request: { http } } }, { timeoutMs: 5000 });
console.log(toJsonString(CheckResponseSchema, answer, { prettySpaces: 2 }));
const { httpResponse, status } = answer;
const got = httpResponse.case === 'deniedResponse' ? httpResponse.value.status?.code : 200;
if ((status?.code ?? 0) !== 0 && httpResponse.case !== 'deniedResponse') throw new Error('a denial without a denied_response');
if (Number(OSTIARY_TEST_STATUS) !== 0 && got !== Number(OSTIARY_TEST_STATUS)) throw new Error(`expected ${OSTIARY_TEST_STATUS}, got ${got}`);
