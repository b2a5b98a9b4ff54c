import { fromJson, toJson } from '@bufbuild/protobuf';
import type { JsonValue } from '@bufbuild/protobuf';
import { InspectCountersResponseSchema, ResetCountersResponseSchema } from '../../gen/ostiary/v1/inspection_pb.js';
import type { InspectCountersResponse } from '../../gen/ostiary/v1/inspection_pb.js';
import { UserError } from '../errors.ts';
import { parseFlags, text, toggle } from '../flags.ts';
import { callApi, tokenOf } from './api-call.ts';
import { helpText } from './help.ts';

const flags = {
  client: text('', 'ID', 'the client id whose SLA windows are meant'),
  key: text('', 'KEY', 'what the keySelector of a rate-limiting policy selects'),
  api: text('http://127.0.0.1:9192', 'URL', 'the running service: http://host:port of its --api-listen, or unix:/path'),
  apiTokenFile: text(undefined, 'FILE', 'token that a reset must present, unless the API is a Unix socket'),
  json: toggle('the answer as JSON'),
};

const SERVICE = '/ostiary.v1.InspectionService';

/** Shows or closes the windows of a client or key, in the whole mesh. */
export async function run(argv: readonly string[], environment: NodeJS.ProcessEnv): Promise<number> {
  const { values, positionals, help } = parseFlags(flags, argv, environment);
  if (help) {
    const summary =
      'Shows (get) or closes (reset) the windows of one client or key at an API, in the whole mesh.\n' +
      'With neither --client nor --key: those of requests without a key.';
    process.stdout.write(helpText('ostiary counters get|reset API [FLAGS]', summary, flags));
    return 0;
  }
  const [what, api, ...rest] = positionals;
  if ((what !== 'get' && what !== 'reset') || api === undefined || rest.length > 0) {
    throw new UserError('usage: ostiary counters get|reset API [--client ID | --key KEY]', 2);
  }
  const subject = { api, clientId: values.client, key: values.key };
  const address = { api: values.api, token: tokenOf(values.apiTokenFile) };
  const method = what === 'get' ? 'InspectCounters' : 'ResetCounters';
  const answer = (await callApi(`${SERVICE}/${method}`, subject, address)) as JsonValue;
  if (what === 'get') {
    const counters = fromJson(InspectCountersResponseSchema, answer);
    const json = toJson(InspectCountersResponseSchema, counters);
    process.stdout.write(values.json ? `${JSON.stringify(json, null, 2)}\n` : formatCounters(counters));
  } else {
    const { windows } = fromJson(ResetCountersResponseSchema, answer);
    process.stdout.write(values.json ? `${JSON.stringify({ windows })}\n` : `${windows} windows closed\n`);
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
