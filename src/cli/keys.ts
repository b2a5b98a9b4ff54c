import { toJson } from '@bufbuild/protobuf';
import { RefreshKeysResponseSchema } from '../../gen/ostiary/v1/inspection_pb.js';
import type { RefreshKeysResponse } from '../../gen/ostiary/v1/inspection_pb.js';
import { UserError } from '../errors.ts';
import { toggle } from '../flags.ts';
import type { FlagValues } from '../flags.ts';
import { apiFlags } from './api-flags.ts';
import { defineCommand } from './command.ts';
import type { Environment } from './command.ts';
import { count } from './count.ts';
import { askNodeOrApi, nodeFlags } from './platform/asking-node.ts';
import { jsonText } from './analytics/shown.ts';

const flags = { ...apiFlags, ...nodeFlags, json: toggle('the answer as JSON') };

/** Longer than any fetch of a key set takes. */
const LONGEST_S = 70;
const DEFAULT_API = 'http://127.0.0.1:9192';

/** Has a running service fetch key sets now. */
export const command = defineCommand({
  usage: 'keys refresh [URL] [FLAGS]',
  summary:
    'Tells a running service to fetch all its key sets now, or the one at URL. Keys that the issuer has withdrawn\n' +
    'then verify no token. Exits 1 if a set could not be fetched. Asks one replica: repeat it for each.\n' +
    `That is the one at --api (default ${DEFAULT_API}), or with --node a sidecar of the control plane.`,
  examples: ['keys refresh --api-token-file /etc/ostiary/token', 'keys refresh https://issuer.example.com/jwks.json'],
  flags,
  maxArguments: 2,
  run: ({ values, given, positionals }, environment) => ask(values, given, positionals, environment),
});

async function ask(
  values: FlagValues<typeof flags>,
  given: ReadonlySet<string>,
  [what, url]: readonly string[],
  environment: Environment,
): Promise<number> {
  if (what !== 'refresh') throw new UserError('usage: ostiary keys refresh [URL]', 2);
  const method = '/ostiary.v1.InspectionService/RefreshKeys';
  const question = { name: 'refreshKeys', method, request: { url: url ?? '' }, answer: RefreshKeysResponseSchema };
  const response = await askNodeOrApi({ ...question, seconds: LONGEST_S }, { values, given }, environment);
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
