import { fromJson, toJson } from '@bufbuild/protobuf';
import type { JsonValue } from '@bufbuild/protobuf';
import { RefreshKeysResponseSchema } from '../../gen/ostiary/v1/inspection_pb.js';
import type { RefreshKeysResponse } from '../../gen/ostiary/v1/inspection_pb.js';
import { UserError } from '../errors.ts';
import { toggle } from '../flags.ts';
import type { FlagValues } from '../flags.ts';
import { callApi, tokenOf } from './api-call.ts';
import { apiFlags } from './api-flags.ts';
import { defineCommand } from './command.ts';
import { count } from './count.ts';
import { jsonText } from './analytics/shown.ts';

const flags = { ...apiFlags, json: toggle('the answer as JSON') };

const DEFAULT_API = 'http://127.0.0.1:9192';

/** Has a running service fetch key sets now. */
export const command = defineCommand({
  usage: 'keys refresh [URL] [FLAGS]',
  summary:
    'Tells a running service to fetch all its key sets now, or the one at URL. Keys that the issuer has withdrawn\n' +
    `then verify no token. Exits 1 if a set could not be fetched. Asks one replica, at --api (default ${DEFAULT_API}): repeat it for each.`,
  examples: ['keys refresh --api-token-file /etc/ostiary/token', 'keys refresh https://issuer.example.com/jwks.json'],
  flags,
  maxArguments: 2,
  run: ({ values, positionals }) => ask(values, positionals),
});

async function ask(values: FlagValues<typeof flags>, [what, url]: readonly string[]): Promise<number> {
  if (what !== 'refresh') throw new UserError('usage: ostiary keys refresh [URL]', 2);
  const address = { api: values.api ?? DEFAULT_API, token: tokenOf(values.apiTokenFile) };
  const answer = await callApi('/ostiary.v1.InspectionService/RefreshKeys', { url: url ?? '' }, address);
  const response = fromJson(RefreshKeysResponseSchema, answer as JsonValue);
  const json = toJson(RefreshKeysResponseSchema, response);
  process.stdout.write(values.json ? `${jsonText(json)}\n` : formatSets(response));
  return response.sets.every(({ outcome }) => outcome === 'success') ? 0 : 1;
}

function formatSets({ sets }: RefreshKeysResponse): string {
  if (sets.length === 0) return 'no key set is in use\n';
  const lines = sets.map(({ url, outcome, detail, keys, withdrawn }) =>
    outcome === 'success'
      ? `${url}: ${count(keys, 'key')}, ${withdrawn} withdrawn`
      : `${url}: not fetched (${outcome}: ${detail}); ${count(keys, 'key')} of the last good set in use`,
  );
  return `${lines.join('\n')}\n`;
}
