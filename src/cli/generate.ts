import { UserError } from '../errors.ts';
import type { Flags } from '../flags.ts';
import { explainedYaml } from '../generate/explained-yaml.ts';
import { didYouMean } from '../nearest.ts';
import { defineCommand } from './command.ts';
import type { Environment } from './command.ts';
import { printAlerts } from './generate-alerts.ts';
import { printDefinitions } from './generate-crds.ts';
import { printDashboards } from './generate-dashboards.ts';
import { generateFlags } from './generate-flags.ts';
import type { GenerateFlags } from './generate-flags.ts';
import { printObjects } from './generate-objects.ts';
import { FLAGS_OF_ASKING, generateTargets } from './generate-targets.ts';

/** What is printed for others than Envoy. */
const monitoringTargets: ReadonlyMap<string, MonitoringTarget> = new Map<string, MonitoringTarget>([
  ['alerts', { flags: ['output', 'name', 'namespace', 'label'], takesFolders: true, print: printAlerts }],
  ['dashboards', { flags: ['output', 'name', 'namespace', 'label', 'audience'], print: printDashboards }],
  ['crds', { flags: [], print: printDefinitions }],
  ['objects', { flags: ['namespace'], takesFolders: true, print: printObjects }],
]);

interface MonitoringTarget {
  readonly flags: readonly (keyof GenerateFlags)[];
  /** Its arguments are folders with documents. */
  readonly takesFolders?: boolean;
  print(flags: GenerateFlags, folders: readonly string[], environment: Environment): Promise<number>;
}

const LOG_HINT = '\nHow requests end is not counted: with --access-log Envoy tells ostiary.';

const NAMES = [...generateTargets.keys(), ...monitoringTargets.keys()];

function flagsOf(name: string): readonly (keyof GenerateFlags)[] | undefined {
  return (generateTargets.get(name) ?? monitoringTargets.get(name))?.flags;
}

/** Prints the configuration that makes an Envoy ask ostiary, with comments that give the reason of each setting. */
export const command = defineCommand({
  usage: 'generate TARGET [DIR …] [FLAGS]',
  summary:
    'Prints configuration with which Envoy asks ostiary, with the reason for each setting. TARGET is one of\n' +
    `${[...generateTargets.keys()].join(', ')}.\n` +
    'alerts: rules of Prometheus for the alerts of the documents in DIR (default policies). dashboards: for Grafana.\n' +
    'crds: the kinds of objects that the control plane reads in Kubernetes. objects: the documents in DIR as such objects.\n' +
    'ostiary generate TARGET --help lists the flags of one target.',
  examples: [
    'generate bootstrap --ostiary 127.0.0.1:9191 --upstream 127.0.0.1:8080 > envoy.yaml',
    'generate envoyfilter --namespace shop --selector app=orders | kubectl apply -f -',
    'generate alerts policies > rules.yaml',
    'generate crds | kubectl apply --server-side -f -',
  ],
  flags: withTargets(generateFlags),
  maxArguments: Infinity,
  argumentWords: NAMES,
  concerned([name = ''], { routesOnly }) {
    const flags = flagsOf(name);
    return routesOnly ? flags?.filter((flag) => !FLAGS_OF_ASKING.includes(flag)) : flags;
  },
  async run({ values, positionals: [name = '', ...rest] }, environment) {
    const monitoring = monitoringTargets.get(name);
    if (rest[0] !== undefined && monitoring?.takesFolders !== true)
      throw new UserError(`unexpected argument ${JSON.stringify(rest[0])}: see ostiary generate --help`, 2);
    if (monitoring !== undefined) return monitoring.print(values, rest, environment);
    const target = generateTargets.get(name);
    if (target === undefined) {
      const meant = name === '' ? '' : didYouMean(name, NAMES);
      throw new UserError(`generate takes one of ${NAMES.join(', ')}${meant || ': see ostiary generate --help'}`, 2);
    }
    const hint = target.flags.includes('accessLog') && !values.accessLog && !values.routesOnly ? LOG_HINT : '';
    process.stdout.write(explainedYaml(target.documents(values), target.heading(values) + hint));
    return 0;
  },
});

/** The help of a flag names its targets, unless it applies to all. */
function withTargets<F extends Flags>(flags: F): F {
  const entries = Object.entries(flags).map(([key, flag]) => {
    const concerned = NAMES.filter((name) => flagsOf(name)?.includes(key as keyof GenerateFlags));
    const note = concerned.length === NAMES.length ? '' : ` (${concerned.join(', ')})`;
    return [key, { ...flag, help: `${flag.help}${note}` }];
  });
  return Object.fromEntries(entries) as F;
}
