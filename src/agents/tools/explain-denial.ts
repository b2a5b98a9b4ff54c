import { toJson } from '@bufbuild/protobuf';
import { z } from 'zod';
import { AnalyticsService, SampleSchema } from '../../../gen/ostiary/v1/analytics_pb.js';
import type { Sample } from '../../../gen/ostiary/v1/analytics_pb.js';
import type { Invoke } from '../invoke.ts';
import { defineTool, told } from '../tool.ts';
import { apiInput, counted } from './names.ts';

const SECONDS_OF_DAY = 86_400n;
const LOOKED_THROUGH = 1000;
const TOLD = 10;

export const explainDenial = defineTool({
  name: 'explain_denial',
  title: 'Explain a denial',
  description:
    'Tells why a request was refused, by its request id (the header x-request-id of the answer) or trace id; without one, why the latest requests were refused that the user may see. Each has the reason, the policy, and what every policy did.',
  input: z.object({
    request_id: z.string().min(1).max(200).optional().describe('x-request-id, trace id, or id of the decision.'),
    api: apiInput.optional(),
    days: z.number().int().min(1).max(90).optional().describe('How far to look back. Absent: 1.'),
  }),
  isReading: true,
  isDestructive: false,
  async run(invoke, { api = '', days = 1, request_id: id }) {
    const last = { seconds: SECONDS_OF_DAY * BigInt(days), nanos: 0 };
    const samples = await samplesOf(invoke, id, counted(api), last);
    const refused = samples.filter(({ reason, outcome }) => id !== undefined || reason !== '' || outcome === 'blocked');
    const shown = refused.slice(0, TOLD).map((sample) => toJson(SampleSchema, sample));
    if (shown.length > 0) return told(refused.slice(0, TOLD).map(sentence).join('\n'), { denials: shown });
    const text =
      id === undefined
        ? 'No refused request is kept that the user may see.'
        : 'No request with this id is kept that the user may see: it may be older, of somebody else, or one of those that were let pass and of which only a share is kept.';
    return told(text, { denials: [] });
  },
});

async function samplesOf(
  invoke: Invoke,
  id: string | undefined,
  api: string,
  last: { readonly seconds: bigint; readonly nanos: number },
): Promise<readonly Sample[]> {
  const { listSamples } = AnalyticsService.method;
  if (id === undefined) {
    const denied = [{ dimension: 'outcome', values: ['blocked'] }];
    return (await invoke(listSamples, { time: { last }, api, where: denied, limit: TOLD })).samples;
  }
  const byId = await invoke(listSamples, { time: { last }, api, id, limit: 1 });
  if (byId.samples.length > 0) return byId.samples;
  const { samples } = await invoke(listSamples, { time: { last }, api, limit: LOOKED_THROUGH });
  return samples.filter(({ requestId, traceId }) => requestId === id || traceId === id);
}

function sentence({ api, client, method, outcome, policy, reason, route, status, steps }: Sample): string {
  const what = `${method} ${route} of ${api || 'no API'}${client === '' ? '' : ` by ${client}`}`;
  if (reason === '') return `${what}: ${outcome}, answered with ${status}.`;
  const detail = steps.find((step) => step.reason === reason)?.detail ?? '';
  return `${what}: refused with ${status}, ${reason}${policy === '' ? '' : ` by ${policy}`}${detail === '' ? '' : `: ${detail}`}.`;
}
