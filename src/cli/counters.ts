import { toJson } from '@bufbuild/protobuf';
import { InspectCountersResponseSchema, ResetCountersResponseSchema } from '../../gen/ostiary/v1/inspection_pb.js';
import type { InspectCountersResponse } from '../../gen/ostiary/v1/inspection_pb.js';
import { UserError } from '../errors.ts';
import { text, toggle } from '../flags.ts';
import type { FlagValues } from '../flags.ts';
import { apiFlags } from './api-flags.ts';
import { defineCommand } from './command.ts';
import { count } from './count.ts';
import { askNodeOrApi, nodeFlags } from './platform/asking-node.ts';
import type { Environment } from './command.ts';
import { jsonText } from './analytics/shown.ts';

const flags = {
  client: text(undefined, 'ID', 'the client id whose SLA windows are meant'),
  key: text(undefined, 'KEY', 'what the keySelector of a rate-limiting policy selects'),
  ...apiFlags,
  ...nodeFlags,
  json: toggle('the answer as JSON'),
};

const SERVICE = '/ostiary.v1.InspectionService';
const DEFAULT_API = 'http://127.0.0.1:9192';

/** Shows or closes the windows of a client or key, in the whole mesh. */
export const command = defineCommand({
  usage: 'counters get|reset API [--client ID | --key KEY] [FLAGS]',
  summary:
    `Shows (get) or closes (reset) the open quota windows of one client or key at an API, for all replicas.\n` +
    `Without --client and --key: those of requests without a key. Asks the service at --api, by default\n` +
    `${DEFAULT_API}; or, with --node, a sidecar of the control plane at --server.`,
  examples: [
    'counters get orders --client web-shop',
    'counters reset orders --key 203.0.113.7 --api-token-file /etc/ostiary/token',
    'counters reset orders --client web-shop --node eu-1 --token-file token',
  ],
  flags,
  maxArguments: 2,
  run: ({ values, given, positionals }, environment) => ask(values, given, positionals, environment),
});

async function ask(
  values: FlagValues<typeof flags>,
  given: ReadonlySet<string>,
  [what, api]: readonly string[],
  environment: Environment,
): Promise<number> {
  if ((what !== 'get' && what !== 'reset') || api === undefined) {
    throw new UserError('usage: ostiary counters get|reset API [--client ID | --key KEY]', 2);
  }
  if (values.client !== undefined && values.key !== undefined) {
    throw new UserError("--client and --key exclude each other: a counter is a client's or a key's", 2);
  }
  const subject = { api, clientId: values.client ?? '', key: values.key ?? '' };
  if (what === 'get') {
    const question = { name: 'inspectCounters', method: `${SERVICE}/InspectCounters`, request: subject };
    const asked = { ...question, answer: InspectCountersResponseSchema };
    const counters = await askNodeOrApi(asked, { values, given }, environment);
    const json = toJson(InspectCountersResponseSchema, counters);
    process.stdout.write(values.json ? `${jsonText(json)}\n` : formatCounters(counters));
  } else {
    const question = { name: 'resetCounters', method: `${SERVICE}/ResetCounters`, request: subject };
    const asked = { ...question, answer: ResetCountersResponseSchema };
    const { windows } = await askNodeOrApi(asked, { values, given }, environment);
    process.stdout.write(values.json ? `${JSON.stringify({ windows })}\n` : `${count(windows, 'window')} closed\n`);
  }
  return 0;
}

export function formatCounters({ policies }: InspectCountersResponse): string {
  const lines = policies.flatMap(({ name, policy, counters }) => [
    `${name}  ${policy}`,
    ...counters.map((counter) => {
      const title = counter.name === '' ? 'limit' : `limit ${counter.name}`;
      const reset = counter.resetMs === 0n ? 'no window open' : `window ends in ${counter.resetMs} ms`;
      return `  ${title} ${counter.limit} in ${counter.windowMs} ms: remaining ${counter.remainingAfter}, ${reset}`;
    }),
  ]);
  return `${lines.join('\n')}\n`;
}
