import type { Batch } from '../sinks/batch.ts';
import type { SinkName } from './event-sinks.ts';
import type { EventBatch } from './worker-messages.ts';

// Messages between processes are JSON. Lines are text anyhow; what is compressed travels as base64.

export function batchText(sink: SinkName, body: Buffer): string {
  return body.toString(encodingOf(sink));
}

/** A batch as its worker had it. */
export function batchOf({ sink, events, body }: Pick<EventBatch, 'sink' | 'events' | 'body'>): Batch {
  return { events, body: Buffer.from(body, encodingOf(sink)) };
}

function encodingOf(sink: SinkName): BufferEncoding {
  return sink === 'file' ? 'utf8' : 'base64';
}
