import type { CompiledOnce } from '../document/compile.ts';
import { openingsOf } from '../document/openings.ts';
import { formatFault } from '../document/fault.ts';
import { egressRules } from '../egress/rules.ts';
import { toggle } from '../flags.ts';
import { broughtKeysOf } from '../serve/api-key-hmac.ts';
import { hostMatchingOf } from '../serve/locate-flags.ts';
import { serveFlags } from '../serve/serve-flags.ts';
import { defineCommand } from './command.ts';
import { count } from './count.ts';
import { fetchesNothing, loadOnce } from './documents.ts';

export const command = defineCommand({
  usage: 'validate [DIR …] [FLAGS]',
  summary:
    'Checks the documents in DIR (default policies), and lists every fault with file, line, column and field.\n' +
    'Exits 0 if there is no fault, else 1. Warnings do not change the exit code.\n' +
    'It also lists which requests of an API no policy authenticates; with public, the Api says that this is intended.',
  examples: ['validate policies', 'validate --json /etc/ostiary/policies  # for scripts'],
  flags: {
    hostPort: serveFlags.hostPort,
    hostFinalDot: serveFlags.hostFinalDot,
    egressAllow: serveFlags.egressAllow,
    apiKeyHmacFile: serveFlags.apiKeyHmacFile,
    json: toggle('one JSON object for scripts'),
  },
  maxArguments: Infinity,
  run: async ({ values, positionals }, environment) => {
    const brought = await broughtKeysOf(values.apiKeyHmacFile);
    const folders = positionals.length === 0 ? ['policies'] : positionals;
    const outwards = { transport: fetchesNothing, rules: egressRules(values.egressAllow) };
    const compiled = await loadOnce(folders, environment, outwards, hostMatchingOf(values), brought);
    compiled.close();
    return tell(compiled, values.json);
  },
});

function tell(compiled: CompiledOnce, json: boolean): number {
  const { warnings } = compiled;
  if (!json) process.stdout.write(warnings.map((warning) => `${formatFault(warning)}\n`).join(''));
  if (compiled.snapshot === undefined) {
    const { faults } = compiled;
    const text = json ? JSON.stringify({ valid: false, faults, warnings }) : faults.map(formatFault).join('\n');
    process.stdout.write(`${text}\n`);
    if (!json) process.stderr.write(`ostiary: ${count(faults.length, 'fault')}\n`);
    return 1;
  }
  const openings = openingsOf(compiled.snapshot.apis);
  if (!json)
    process.stdout.write(openings.map(({ api, requests }) => `unauthenticated: ${api}: ${requests}\n`).join(''));
  const { version, apis, clientApplications, contractCount: contracts } = compiled.snapshot;
  const numbers = { apis: apis.length, clientApplications, contracts };
  process.stdout.write(
    json
      ? `${JSON.stringify({ valid: true, version, ...numbers, warnings, unauthenticated: openings })}\n`
      : `valid: ${count(apis.length, 'API')}, ${count(clientApplications, 'client application')}, ` +
          `${count(contracts, 'contract')}; version ${version}\n`,
  );
  return 0;
}
