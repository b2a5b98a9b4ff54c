import type { CompiledOnce } from '../document/compile.ts';
import { openingsOf } from '../document/openings.ts';
import { formatFault } from '../document/fault.ts';
import { egressRules } from '../egress/rules.ts';
import { list, toggle } from '../flags.ts';
import { broughtKeysOf } from '../serve/api-key-hmac.ts';
import { hostMatchingOf } from '../serve/locate-flags.ts';
import { fetchesNothing } from '../serve/offline-environment.ts';
import { serveFlags } from '../serve/serve-flags.ts';
import { defineCommand } from './command.ts';
import { count } from './count.ts';
import { loadOnce } from './documents.ts';
import { inspectEnvoyFile } from './validate-envoy.ts';
import type { EnvoyFile } from './validate-envoy.ts';

export const command = defineCommand({
  usage: 'validate [DIR …] [FLAGS]',
  summary:
    'Checks the documents in DIR (default policies), and lists every fault with file, line, column and field.\n' +
    'Exits 0 if there is no fault, else 1. Warnings do not change the exit code.\n' +
    'It also lists which requests of an API no policy authenticates; with public, the Api says that this is intended.\n' +
    '--envoy looks at a configuration of Envoy or Istio, and warns where its access log does not come to\n' +
    'ostiary. Without DIR it looks at that alone.',
  examples: [
    'validate policies',
    'validate --json /etc/ostiary/policies  # for scripts',
    'validate --envoy envoy.yaml',
    'validate --envoy - < config_dump.json  # what a proxy has in force',
  ],
  flags: {
    hostPort: serveFlags.hostPort,
    hostFinalDot: serveFlags.hostFinalDot,
    egressAllow: serveFlags.egressAllow,
    apiKeyHmacFile: serveFlags.apiKeyHmacFile,
    envoy: list(
      [],
      'FILE',
      'configuration of Envoy (YAML or JSON: a bootstrap, listeners, a config_dump), EnvoyFilters or a mesh configuration; - is standard input; repeatable',
    ),
    json: toggle('one JSON object for scripts'),
  },
  maxArguments: Infinity,
  run: async ({ values, positionals }, environment) => {
    const brought = await broughtKeysOf(values.apiKeyHmacFile);
    const envoys = await Promise.all(values.envoy.map(inspectEnvoyFile));
    if (positionals.length === 0 && envoys.length > 0) return tellEnvoys(envoys, values.json);
    const folders = positionals.length === 0 ? ['policies'] : positionals;
    const outwards = { transport: fetchesNothing, rules: egressRules(values.egressAllow) };
    const compiled = await loadOnce(folders, environment, outwards, hostMatchingOf(values), brought);
    compiled.close();
    return Math.max(values.json ? 0 : tellEnvoys(envoys, false), tell(compiled, envoys, values.json));
  },
});

function tell(compiled: CompiledOnce, envoys: readonly EnvoyFile[], json: boolean): number {
  const { warnings } = compiled;
  const envoy = envoys.length === 0 ? {} : { envoy: envoys };
  const hasFaults = compiled.snapshot === undefined || envoys.some(({ faults }) => faults.length > 0);
  if (!json) process.stdout.write(warnings.map((warning) => `${formatFault(warning)}\n`).join(''));
  if (compiled.snapshot === undefined) {
    const { faults } = compiled;
    const told = { valid: false, faults, warnings, ...envoy };
    process.stdout.write(`${json ? JSON.stringify(told) : faults.map(formatFault).join('\n')}\n`);
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
      ? `${JSON.stringify({ valid: !hasFaults, version, ...numbers, warnings, unauthenticated: openings, ...envoy })}\n`
      : `valid: ${count(apis.length, 'API')}, ${count(clientApplications, 'client application')}, ` +
          `${count(contracts, 'contract')}; version ${version}\n`,
  );
  return hasFaults ? 1 : 0;
}

/** Of configurations of Envoy alone. */
function tellEnvoys(envoys: readonly EnvoyFile[], json: boolean): number {
  const faults = envoys.flatMap((each) => each.faults);
  if (json) {
    process.stdout.write(`${JSON.stringify({ valid: faults.length === 0, envoy: envoys })}\n`);
    return faults.length === 0 ? 0 : 1;
  }
  process.stdout.write(envoys.flatMap(linesOf).join(''));
  if (faults.length > 0) process.stderr.write(`ostiary: ${count(faults.length, 'fault')}\n`);
  return faults.length === 0 ? 0 : 1;
}

function linesOf({ file, asking, logging, faults, warnings }: EnvoyFile): readonly string[] {
  const told = [...faults, ...warnings].map((each) => `${formatFault(each)}\n`);
  if (faults.length > 0) return told;
  const log = logging === asking ? 'and the access log comes to it' : `and the access log comes from ${logging}`;
  return [...told, `${file}: ostiary is asked in ${count(asking, 'place')}, ${log}\n`];
}
