import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import type { JsonObject } from '@bufbuild/protobuf';
import { CheckRequestSchema, CheckResponseSchema } from '../../gen/envoy/service/auth/v3/external_auth_pb.js';
import { CHECK_PATH } from '../../src/envoy/check-service.ts';
import { parseListenAddress } from '../../src/listen/address.ts';
import { RawClient } from '../grpc/client.ts';
import { entry, httpMessage } from './log-message.ts';

export const LOG_PATH = '/envoy.service.accesslog.v3.AccessLogService/StreamAccessLogs';
export const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';

export interface LoggingClient {
  /** Asks for `/orders/1`, and logs the request as ended. @returns the id of the decision */
  send(headers: Readonly<Record<string, string>>): Promise<string>;
  /** Asks for `/open/1` without a pause until the work has ended. */
  checksDuring(work: Promise<unknown>): Promise<{ readonly answered: number; readonly slowestMs: number }>;
  /** What is written to the stream of the log. */
  log(message: Uint8Array): void;
  close(): void;
}

/** Does what an Envoy does, on a connection of its own: asks by Checks, and streams its log. */
export function loggingClient(listen: string): LoggingClient {
  const client = new RawClient(parseListenAddress(listen, 'listen'));
  const stream = client.bidi(LOG_PATH);
  stream.on('error', () => {});
  stream.resume();
  const log = (message: Uint8Array): void => void stream.write(Buffer.from(message));
  log(httpMessage());
  const decide = async (path: string, headers: Readonly<Record<string, string>>): Promise<JsonObject> => {
    const http = { method: 'GET', path, headers };
    const request = create(CheckRequestSchema, { attributes: { request: { http } } });
    const answer = await client.unary(CHECK_PATH, toBinary(CheckRequestSchema, request), { timeoutMs: 10_000 });
    return fromBinary(CheckResponseSchema, answer).dynamicMetadata ?? {};
  };
  return {
    async send(headers) {
      const metadata = await decide('/orders/1', headers);
      const isAllowed = metadata['outcome'] === 'allow';
      const [status, details] = isAllowed ? [200, 'via_upstream'] : [401, 'ext_authz_denied'];
      const traced = { traceparent: `00-${TRACE_ID}-b7ad6b7169203331-01` };
      log(httpMessage(entry({ metadata, status, details, headers: traced })));
      return metadata['id'] as string;
    },
    async checksDuring(work) {
      const state = { isOver: false };
      let [answered, slowestMs] = [0, 0];
      const ended = work.finally(() => (state.isOver = true));
      // It is awaited below, and may fail before.
      ended.catch(() => {});
      while (!state.isOver) {
        const asked = performance.now();
        await decide('/open/1', {});
        slowestMs = Math.max(slowestMs, performance.now() - asked);
        answered += 1;
      }
      await ended;
      return { answered, slowestMs };
    },
    log,
    close: () => client.close(),
  };
}
