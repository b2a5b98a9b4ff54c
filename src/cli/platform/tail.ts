import { setTimeout as sleep } from 'node:timers/promises';
import { timestampMs } from '@bufbuild/protobuf/wkt';
import { ListSamplesResponseSchema } from '../../../gen/ostiary/v1/analytics_pb.js';
import type { Sample } from '../../../gen/ostiary/v1/analytics_pb.js';
import { systemClock } from '../../clock.ts';
import { UserError } from '../../errors.ts';
import { oneOf, text } from '../../flags.ts';
import { paragraphOf, sampleJson } from '../analytics/samples.ts';
import { shown } from '../analytics/shown.ts';
import { lengthOf } from '../analytics/time-flags.ts';
import { apiFlags } from '../api-flags.ts';
import { defineCommand } from '../command.ts';
import { askNodeOrApi, nodeFlags } from './asking-node.ts';

const length = (given: string): string | undefined =>
  lengthOf(given) === undefined ? 'expected how long, such as 30s or 10m' : undefined;

const EVERY_MS = 1000;
/** Envoy tells within a second how a request has ended; what it does not tell of is shown without. */
const ENTRY_MS = 5000;
/** Of a request that goes on for long. */
const WINDOW_MS = 60_000;
const WITHOUT_ENTRY = 'unreported-';

/** Shows samples of requests as they are taken. */
export const command = defineCommand({
  usage: 'tail [FLAGS]',
  summary:
    'Shows requests at one sidecar as they are decided: denials, and one in a hundred of the others, each with what\n' +
    'every policy did. With --node it asks the sidecar by way of the control plane, and without the service at --api.\n' +
    'Envoy must stream its access log to it. Ends with Ctrl-C.',
  examples: ['tail --node eu-1 --token-file token', 'tail --node eu-1 --reason quota_spent -o json'],
  flags: {
    ofApi: text(undefined, 'NAME', 'requests of this API'),
    client: text(undefined, 'NAME', 'requests of this client application'),
    reason: text(undefined, 'NAME', 'requests that were refused for this reason, such as quota_spent'),
    for: text(undefined, 'LENGTH', 'end after so long, such as 10m; the default is never', length),
    output: { ...oneOf('text', ['text', 'json'], 'paragraphs, or a line of JSON for each'), short: 'o' },
    ...nodeFlags,
    ...apiFlags,
  },
  sections: { ofApi: 'Which requests', for: 'How', node: 'Who is asked' },
  maxArguments: 0,
  async run({ values, given }, environment) {
    const begun = systemClock.now();
    const end = values.for === undefined ? Infinity : begun + (lengthOf(values.for) ?? 0);
    const seen = new Map<string, number>();
    const { ofApi: api = '', client = '', reason = '' } = values;
    for (let isFirst = true; ; isFirst = false) {
      const now = systemClock.now();
      const since = new Date(Math.max(begun - ENTRY_MS, now - WINDOW_MS)).toISOString();
      const request = { time: { since }, api, client, reason, limit: 1000 };
      const method = '/ostiary.v1.AnalyticsService/ListSamples';
      const question = { name: 'listSamples', method, request, answer: ListSamplesResponseSchema };
      try {
        const { samples } = await askNodeOrApi(question, { values, given }, environment);
        for (const sample of freshOf(samples, seen, now)) {
          process.stdout.write(
            values.output === 'json' ? `${JSON.stringify(sampleJson(sample))}\n` : `${paragraphOf(sample)}\n\n`,
          );
        }
      } catch (error) {
        if (isFirst || !(error instanceof UserError)) throw error;
        // It may have gone for a moment.
        process.stderr.write(`ostiary: ${shown(error.message)}\n`);
      }
      if (systemClock.now() >= end) return 0;
      await sleep(Math.max(0, Math.min(EVERY_MS, end - systemClock.now())));
    }
  },
});

/** Those that were not shown yet, the oldest first. @param seen when each was received that was, by its name */
function freshOf(samples: readonly Sample[], seen: Map<string, number>, now: number): readonly Sample[] {
  for (const [name, receivedAt] of seen) if (receivedAt < now - 2 * WINDOW_MS) seen.delete(name);
  const fresh = samples.filter(({ id, received }) => {
    const receivedAt = received === undefined ? 0 : timestampMs(received);
    const isSettled = !id.startsWith(WITHOUT_ENTRY) || receivedAt < now - ENTRY_MS;
    const name = `${id} ${receivedAt}`;
    if (!isSettled || seen.has(name)) return false;
    seen.set(name, receivedAt);
    return true;
  });
  return fresh.toReversed();
}
