import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import type { ServiceError } from '@grpc/grpc-js';
import { CheckRequestSchema, CheckResponseSchema } from '../../gen/envoy/service/auth/v3/external_auth_pb.js';
import { parseListenAddress } from '../../src/rpc/address.ts';
import { RawClient } from '../rpc/client.ts';

/** What a caller learns of one Check. */
export interface Answer {
  /** `refused`: 429; `unavailable`: 503; `lost`: the replica died; `late`: not within the deadline. */
  readonly outcome: 'allowed' | 'refused' | 'unavailable' | 'lost' | 'late' | 'other';
  readonly status: number;
  readonly cost: number;
  /** From the rate headers; NaN where there are none. */
  readonly remaining: number;
  readonly resetMs: number;
  /** By this process's monotonic clock. */
  readonly sentAt: number;
  readonly answeredAt: number;
}

const METHOD = '/envoy.service.auth.v3.Authorization/Check';
const GRPC_DEADLINE_EXCEEDED = 4;
const GRPC_UNAVAILABLE = 14;

let streams = 0;

/** Sends Checks as Envoy does, to one replica. */
export class CheckClient {
  readonly #raw: RawClient;
  #last: Uint8Array = new Uint8Array();

  constructor(listen: string) {
    this.#raw = new RawClient(parseListenAddress(listen, 'listen'));
  }

  async check(api: string, client: string, cost: number, timeoutMs = 1000): Promise<Answer> {
    streams += 1;
    const sentAt = performance.now();
    const request = create(CheckRequestSchema, {
      attributes: {
        source: {
          address: {
            address: {
              case: 'socketAddress',
              value: { address: '10.0.0.1', portSpecifier: { case: 'portValue', value: 1024 + (streams % 60_000) } },
            },
          },
        },
        request: {
          time: { seconds: BigInt(Math.floor(Date.now() / 1000)), nanos: 0 },
          http: {
            id: `${process.pid}${streams}`,
            method: 'GET',
            path: `/${api}/1`,
            host: 'orders.example.com',
            headers: { client_id: `${client}-id`, client_secret: `${client}-secret`, 'x-cost': String(cost) },
          },
        },
      },
    });
    this.#last = toBinary(CheckRequestSchema, request);
    return this.#send(this.#last, cost, sentAt, timeoutMs);
  }

  /** Sends the last Check again, as Envoy's `retry_policy` does. */
  async repeat(): Promise<Answer> {
    return this.#send(this.#last, 0, performance.now(), 1000);
  }

  close(): void {
    this.#raw.close();
  }

  async #send(request: Uint8Array, cost: number, sentAt: number, timeoutMs: number): Promise<Answer> {
    try {
      return this.#read(await this.#raw.unary(METHOD, request, { timeoutMs }), cost, sentAt);
    } catch (error) {
      const code: number = (error as ServiceError).code;
      const outcome = code === GRPC_DEADLINE_EXCEEDED ? 'late' : code === GRPC_UNAVAILABLE ? 'lost' : 'other';
      return { outcome, status: 0, cost, remaining: NaN, resetMs: NaN, sentAt, answeredAt: performance.now() };
    }
  }

  #read(bytes: Uint8Array, cost: number, sentAt: number): Answer {
    const { status, httpResponse } = fromBinary(CheckResponseSchema, bytes);
    const allowed = (status?.code ?? 0) === 0;
    const httpStatus: number = httpResponse.case === 'deniedResponse' ? (httpResponse.value.status?.code ?? 403) : 200;
    const headers =
      httpResponse.case === 'okResponse'
        ? httpResponse.value.responseHeadersToAdd
        : httpResponse.case === 'deniedResponse'
          ? httpResponse.value.headers
          : [];
    const value = (name: string): number =>
      Number(headers.find(({ header }) => header?.key === name)?.header?.value ?? NaN);
    const outcome = allowed ? 'allowed' : httpStatus === 429 ? 'refused' : httpStatus === 503 ? 'unavailable' : 'other';
    return {
      outcome,
      status: httpStatus,
      cost,
      remaining: value('x-ratelimit-remaining'),
      resetMs: value('x-ratelimit-reset'),
      sentAt,
      answeredAt: performance.now(),
    };
  }
}
