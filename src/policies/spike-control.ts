import { z } from 'zod';
import { systemTimers } from '../clock.ts';
import { definePolicy } from '../policy/policy.ts';
import type { Grant, Outcome } from '../policy/policy.ts';
import type { Limit } from '../quota/limit.ts';
import { rateHeaders, retryAfter } from '../quota/rate-headers.ts';
import type { WindowState } from '../quota/store.ts';
import { settle } from '../settle.ts';
import type { PolicyEnvironment } from './environment.ts';
import { SpikeQueue } from './spike-queue.ts';
import type { Passage } from './spike-queue.ts';

declare module '../denial/denial.ts' {
  interface Reasons {
    spike_refused: { readonly windows: readonly WindowState[] };
  }
}

/** Each admission in a window takes 8 bytes. */
const MOST_REQUESTS = 1_000_000;
const LONGEST_PERIOD_MS = 86_400_000;
const LONGEST_DELAY_MS = 60_000;
/** Each waiting request occupies a stream of Envoy's connection. */
const MOST_WAITING = 10_000;
/** The part of Envoy's time that is left for later policies and the answer. */
const TIME_FOR_THE_REST_MS = 10;

const options = z
  .strictObject({
    maximumRequests: z.int().min(1).max(MOST_REQUESTS).describe('Requests that pass in any period'),
    timePeriodInMilliseconds: z.int().min(1).max(LONGEST_PERIOD_MS).describe('The period; it begins anywhere'),
    delayTimeInMillis: z
      .int()
      .min(0)
      .max(LONGEST_DELAY_MS)
      .default(0)
      .describe('How long a request may wait for a place, an attempt; 0: it is refused at once'),
    delayAttempts: z.int().min(1).max(100).default(1).describe('A request waits so many times that long'),
    queuingLimit: z.int().min(0).max(MOST_WAITING).default(0).describe('How many requests of an API may wait at once'),
    exposeHeaders: z.boolean().default(false).describe('Rate headers on an allow too, not only on a 429'),
  })
  .superRefine(({ delayTimeInMillis, queuingLimit }, context) => {
    const report = (field: string, message: string): void =>
      context.addIssue({ code: 'custom', path: [field], message });
    if (delayTimeInMillis > 0 && queuingLimit === 0) {
      report('delayTimeInMillis', 'has no effect with queuingLimit: 0, the default, with which no request may wait');
    }
    if (delayTimeInMillis === 0 && queuingLimit > 0) {
      report('queuingLimit', 'has no effect with delayTimeInMillis: 0, the default: no request waits');
    }
  });

const ADMITTED: Grant = {};

/** Limits the number of requests of an API in any period (`docs/policies/spike-control.md`). */
export default definePolicy({
  name: 'spike-control',
  phase: 'access',
  summary: 'Keeps the requests of an API below a number in any period, and lets some wait for their turn',
  options,
  reasons: {
    spike_refused: {
      httpStatus: 429,
      sentence: 'Too many requests at once.',
      headers: ({ windows }) => [retryAfter(windows, 1), ...rateHeaders(windows, 1)],
      meaning: 'more requests in a period than `spike-control` lets through, and no time or place to wait',
    },
  },
  create(config, { clock, timers = systemTimers }: Pick<PolicyEnvironment, 'clock' | 'timers'>) {
    const { maximumRequests, timePeriodInMilliseconds, queuingLimit, exposeHeaders } = config;
    const delayMs = config.delayTimeInMillis * config.delayAttempts;
    const limit: Limit = { name: 'spike', maximumRequests, timePeriodInMilliseconds };
    const queues = new Map<string, SpikeQueue>();
    const queueOf = (api: string): SpikeQueue => {
      let queue = queues.get(api);
      if (queue === undefined) {
        queue = new SpikeQueue({ maximumRequests, periodMs: timePeriodInMilliseconds, queuingLimit, clock, timers });
        queues.set(api, queue);
      }
      return queue;
    };
    const outcomeOf = ({ isAdmitted, remaining, resetMs }: Passage): Outcome => {
      if (isAdmitted && !exposeHeaders) return ADMITTED;
      const windows: readonly WindowState[] = [{ limit, remaining, resetMs }];
      if (isAdmitted) return { windows };
      const detail = `${maximumRequests} requests in ${timePeriodInMilliseconds} ms, and no time or place to wait`;
      return { reason: 'spike_refused', detail, windows };
    };
    return {
      phase: 'access',
      identityHeaders: [],
      decide({ api, caller, deadline, isRehearsal }) {
        const queue = queueOf(api);
        // A rehearsal must not take a place from callers.
        if (isRehearsal === true) return outcomeOf(queue.peek());
        const last = deadline - TIME_FOR_THE_REST_MS;
        const latest = Math.min(clock.monotonic() + delayMs, last);
        return settle(queue.pass({ latest, deadline: last }, caller?.signal), outcomeOf);
      },
      close() {
        for (const queue of queues.values()) queue.close();
      },
    };
  },
});
