import type { Condition } from '../rollup/question.ts';
import type { RequestEvent } from './event.ts';
import type { SampledRequest, SampleQuestion } from './sampled-request.ts';

/** Whether a sample is asked for. Whose it is, is another question. */
export function isAskedFor({ event }: SampledRequest, question: Omit<SampleQuestion, 'most' | 'within'>): boolean {
  const { sinceMs, untilMs, api, client, reason, id, where = [] } = question;
  return (
    event.receivedAt >= sinceMs &&
    event.receivedAt < untilMs &&
    (api === undefined || event.api === api) &&
    (client === undefined || event.client === client) &&
    (reason === undefined || event.reason === reason) &&
    (id === undefined || event.id === id) &&
    where.every((condition) => meets(event, condition))
  );
}

function meets(event: RequestEvent, { dimension, values, isExcluded, or }: Condition): boolean {
  const value = dimension === 'status' ? String(event.status) : (event[dimension] ?? '');
  return values.includes(value) !== isExcluded || (or !== undefined && meets(event, or));
}
