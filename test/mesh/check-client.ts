import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { Client, credentials, Metadata, status as grpcStatus } from '@grpc/grpc-js';
import type { ServiceError } from '@grpc/grpc-js';
import { CheckRequestSchema, CheckResponseSchema } from '../../gen/envoy/service/auth/v3/external_auth_pb.js';

export type Outcome = 'allowed' | 'refused' | 'unauthorized' | 'unavailable' | 'lost' | 'late' | 'other';

/** What a caller learns of one Check. */
export interface Answer {
  /** `refused`: 429; `unauthorized`: 401; `unavailable`: 503; `lost`: the replica died; `late`: no answer in its time. */
  readonly outcome: Outcome;
  readonly status: number;
  readonly cost: number;
  /** From the rate headers; NaN where there are none. */
  readonly limit: number;
  readonly remaining: number;
  readonly resetMs: number;
  /** By this process's monotonic clock. */
  readonly sentAt: number;
  readonly answeredAt: number;
  readonly deadlineMs: number;
}

export interface Question {
  readonly api: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Only noted: the headers say it to the service. */
  readonly cost: number;
  readonly deadlineMs: number;
}

const METHOD = '/envoy.service.auth.v3.Authorization/Check';
/** This client cancels what is never answered. */
const FAILURES = new Map<grpcStatus, Outcome>([
  [grpcStatus.DEADLINE_EXCEEDED, 'late'],
  [grpcStatus.CANCELLED, 'late'],
  [grpcStatus.UNAVAILABLE, 'lost'],
]);
/** The service is told the deadline; the client waits on, to see how late an answer is. */
const PATIENCE_MS = 3000;

let streams = 0;

/** Sends Checks as Envoy does, to one replica. */
export class CheckClient {
  readonly #grpc: Client;
  #last: Uint8Array = new Uint8Array();

  constructor(listen: string) {
    // Without a pool of its own a client shares its connection with every other client of this process.
    this.#grpc = new Client(listen, credentials.createInsecure(), {
      'grpc.use_local_subchannel_pool': 1,
      'grpc.enable_retries': 0,
    });
  }

  /** As the client application of this name (`test/e2e/documents.ts`). */
  async check(api: string, client: string, cost: number, deadlineMs = 1000): Promise<Answer> {
    const headers = { client_id: `${client}-id`, client_secret: `${client}-secret`, 'x-cost': String(cost) };
    return this.ask({ api, headers, cost, deadlineMs });
  }

  async ask({ api, headers, cost, deadlineMs }: Question): Promise<Answer> {
    streams += 1;
    const portValue = 1024 + (streams % 60_000);
    const request = create(CheckRequestSchema, {
      attributes: {
        source: {
          address: {
            address: {
              case: 'socketAddress',
              value: { address: '10.0.0.1', portSpecifier: { case: 'portValue', value: portValue } },
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
            headers,
          },
        },
      },
    });
    this.#last = toBinary(CheckRequestSchema, request);
    return this.#send(this.#last, cost, deadlineMs);
  }

  /** Sends the last Check again, as Envoy's `retry_policy` does. */
  async repeat(): Promise<Answer> {
    return this.#send(this.#last, 0, 1000);
  }

  close(): void {
    this.#grpc.close();
  }

  async #send(request: Uint8Array, cost: number, deadlineMs: number): Promise<Answer> {
    const sentAt = performance.now();
    const asked = { cost, sentAt, deadlineMs };
    try {
      return read(await this.#unary(request, deadlineMs), asked);
    } catch (error) {
      const outcome = FAILURES.get((error as ServiceError).code) ?? 'other';
      const nothing = { limit: NaN, remaining: NaN, resetMs: NaN };
      return { ...asked, ...nothing, outcome, status: 0, answeredAt: performance.now() };
    }
  }

  #unary(request: Uint8Array, deadlineMs: number): Promise<Buffer> {
    const metadata = new Metadata();
    metadata.set('grpc-timeout', `${Math.round(deadlineMs)}m`);
    const bytes = (value: Buffer): Buffer => value;
    return new Promise((resolve, reject) => {
      const call = this.#grpc.makeUnaryRequest(
        METHOD,
        bytes,
        bytes,
        Buffer.from(request),
        metadata,
        (error, answer) => {
          clearTimeout(patience);
          if (error === null && answer !== undefined) resolve(answer);
          else reject(error ?? new Error('no answer'));
        },
      );
      const patience = setTimeout(() => call.cancel(), deadlineMs + PATIENCE_MS);
    });
  }
}

function read(bytes: Uint8Array, asked: Pick<Answer, 'cost' | 'sentAt' | 'deadlineMs'>): Answer {
  const answeredAt = performance.now();
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
  return {
    ...asked,
    outcome: allowed ? 'allowed' : (DENIALS[httpStatus] ?? 'other'),
    status: httpStatus,
    limit: value('x-ratelimit-limit'),
    remaining: value('x-ratelimit-remaining'),
    resetMs: value('x-ratelimit-reset'),
    answeredAt,
  };
}

const DENIALS: Readonly<Record<number, Outcome>> = { 401: 'unauthorized', 429: 'refused', 503: 'unavailable' };
