import { stringify } from 'yaml';
import { UserError } from '../errors.ts';
import { dashboard, dashboardConfigMap } from '../generate/dashboard.ts';
import { AUDIENCES } from '../generate/panel.ts';
import type { GenerateFlags } from './generate-flags.ts';
import { labelPairs, outputOf } from './generate-options.ts';

/** The label by which the sidecar of Grafana's chart finds dashboards, by default. */
const GRAFANA_LABEL = { grafana_dashboard: '1' };

/** Prints dashboards for Grafana. @returns the exit code @throws UserError */
export function printDashboards(flags: GenerateFlags): Promise<number> {
  const output = outputOf(flags, ['json', 'configmap']);
  const audiences = flags.audience === 'all' ? AUDIENCES : [flags.audience];
  if (output === 'json') {
    if (flags.audience === 'all')
      throw new UserError(
        `--audience is missing: one file holds one dashboard; expected one of ${AUDIENCES.join(', ')}`,
        2,
      );
    if (flags.name !== '' || flags.label.length > 0)
      throw new UserError('--name and --label are for --output configmap', 2);
    process.stdout.write(`${JSON.stringify(dashboard(flags.audience), undefined, 2)}\n`);
    return Promise.resolve(0);
  }
  const given = labelPairs(flags);
  const configMap = dashboardConfigMap(
    Object.fromEntries(audiences.map((audience) => [`ostiary-${audience}.json`, dashboard(audience)])),
    {
      name: flags.name || 'ostiary-dashboards',
      namespace: flags.namespace,
      labels: Object.keys(given).length === 0 ? GRAFANA_LABEL : given,
    },
  );
  process.stdout.write(
    `# Dashboards that the sidecar of Grafana's chart finds by their label: kubectl apply -f this file.\n${stringify(configMap, { lineWidth: 0, blockQuote: 'literal' })}`,
  );
  return Promise.resolve(0);
}
