import { stringify } from 'yaml';
import { formatFault } from '../document/fault.ts';
import { egressRules } from '../egress/rules.ts';
import { UserError } from '../errors.ts';
import { prometheusRuleResource, prometheusRules } from '../generate/alert-rules.ts';
import { hostMatchingOf } from '../serve/locate-flags.ts';
import { serveFlags } from '../serve/serve-flags.ts';
import type { Environment } from './command.ts';
import { count } from './count.ts';
import { fetchesNothing } from '../serve/offline-environment.ts';
import { loadOnce } from './documents.ts';
import type { GenerateFlags } from './generate-flags.ts';
import { labelPairs, outputOf } from './generate-options.ts';

const HOSTS = hostMatchingOf({
  hostPort: serveFlags.hostPort.fallback,
  hostFinalDot: serveFlags.hostFinalDot.fallback,
});

/** Prints the alerts of documents as rules of Prometheus. @returns the exit code @throws UserError */
export async function printAlerts(
  flags: GenerateFlags,
  folders: readonly string[],
  environment: Environment,
): Promise<number> {
  const output = outputOf(flags, ['rules', 'prometheusrule']);
  if (output === 'rules' && (flags.name !== '' || flags.label.length > 0))
    throw new UserError('--name and --label are for --output prometheusrule', 2);
  const outwards = { transport: fetchesNothing, rules: egressRules([]) };
  const compiled = await loadOnce(folders.length === 0 ? ['policies'] : folders, environment, outwards, HOSTS);
  compiled.close();
  if (compiled.snapshot === undefined) {
    process.stderr.write(`${compiled.faults.map(formatFault).join('\n')}\n`);
    throw new UserError(`the documents have ${count(compiled.faults.length, 'fault')}: no alerts are generated`, 1);
  }
  const { rules } = compiled.alerting;
  const { groups, problems } = prometheusRules(rules);
  const heading =
    output === 'rules'
      ? 'Alerts of the documents, for rule_files of Prometheus. Generated: change the documents instead.'
      : 'Alerts of the documents, for the Prometheus operator: kubectl apply -f this file. Change the documents instead.';
  const left = problems.map((problem) => `# Left out: ${problem}\n`).join('');
  const value =
    output === 'rules'
      ? { groups }
      : prometheusRuleResource(groups, {
          name: flags.name || 'ostiary-alerts',
          namespace: flags.namespace,
          labels: labelPairs(flags),
        });
  process.stdout.write(`# ${heading}\n${left}${stringify(value, { lineWidth: 0 })}`);
  if (problems.length === 0) return 0;
  process.stderr.write(
    `${problems.map((problem) => `ostiary: ${problem}\n`).join('')}ostiary: ${count(problems.length, 'alert')} left out: ostiary itself evaluates ${problems.length === 1 ? 'it' : 'them'} where it has --data-dir\n`,
  );
  return 1;
}
