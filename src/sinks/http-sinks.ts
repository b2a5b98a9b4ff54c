import type { EgressTransport } from '../egress/transport.ts';
import { partialSuccess } from '../otlp.ts';
import { jsonArray, otlpLogs } from './format.ts';
import type { Origin } from './format.ts';
import type { Headers } from './headers-file.ts';
import { post } from './http-post.ts';
import { openQueuedSink } from './queued-sink.ts';
import type { SinkPorts, SpoolPlace } from './queued-sink.ts';
import type { Sink } from './sink.ts';
import { batchId, signatureHeaders } from './webhook-signature.ts';

export interface HttpSinkOptions {
  readonly url: string;
  /** The operator's headers, such as a token. */
  readonly headers: () => Promise<Headers>;
  readonly spool: SpoolPlace | undefined;
}

export type HttpSinkPorts = SinkPorts & { readonly transport: EgressTransport };

/**
 * Opens a sink for OTLP/HTTP logs, as JSON.
 * @throws UserError if the folder of its spool can't be used
 */
export async function openOtlpSink(options: HttpSinkOptions & { origin: Origin }, ports: HttpSinkPorts): Promise<Sink> {
  const { url, headers: ownHeaders, spool, origin } = options;
  return openQueuedSink(
    {
      name: 'otlp',
      format: otlpLogs(origin),
      spool,
      async send({ body }, signal) {
        const headers = { ...(await ownHeaders()), 'content-type': 'application/json' };
        return post({ url, headers, body, signal }, ports, rejectedOf);
      },
    },
    ports,
  );
}

function rejectedOf(answer: string): { readonly rejected: number; readonly detail: string } {
  const { rejected, detail } = partialSuccess(answer, 'rejectedLogRecords');
  return { rejected, detail: rejected > 0 && detail === '' ? 'it does not say why' : detail };
}

/**
 * Opens a sink that posts JSON arrays to a URL.
 * @param options.key if it is set, each attempt is signed
 * @throws UserError if the folder of its spool can't be used
 */
export async function openWebhookSink(
  options: HttpSinkOptions & { readonly key: Buffer | undefined },
  ports: HttpSinkPorts,
): Promise<Sink> {
  const { url, headers: ownHeaders, spool, key } = options;
  const noneRejected = () => ({ rejected: 0, detail: '' });
  return openQueuedSink(
    {
      name: 'webhook',
      format: jsonArray,
      spool,
      async send({ body }, signal) {
        const signed = key === undefined ? {} : await signatureHeaders(key, body, ports.clock.now());
        const headers = {
          ...(await ownHeaders()),
          'content-type': 'application/json',
          'webhook-id': batchId(body),
          ...signed,
        };
        return post({ url, headers, body, signal }, ports, noneRejected);
      },
    },
    ports,
  );
}
