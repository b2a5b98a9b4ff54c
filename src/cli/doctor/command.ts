import { diagnose } from '../../doctor/diagnose.ts';
import { isAtLeast } from '../../doctor/finding.ts';
import type { Diagnosis } from '../../doctor/finding.ts';
import { jsonOf } from '../../doctor/json.ts';
import { sarifOf } from '../../doctor/sarif.ts';
import { diagnosisText } from '../../doctor/text.ts';
import { UserError } from '../../errors.ts';
import { flagName } from '../../flags.ts';
import type { FlagValues } from '../../flags.ts';
import { productVersion } from '../../product.ts';
import { columnsOf } from '../analytics/terminal.ts';
import { defineCommand } from '../command.ts';
import type { Environment } from '../command.ts';
import { collect } from './collect.ts';
import { lookFlags } from './flags.ts';
import { printJob, probe } from './probe.ts';
import { probeFlags } from './probe-flags.ts';

type OutputFlags = Pick<FlagValues<typeof lookFlags>, 'failOn' | 'output' | 'color'>;

const OF_OUTPUT = ['failOn', 'output', 'color'] as const;
const ofLook = Object.keys(lookFlags) as readonly (keyof typeof lookFlags)[];
const ofProbe = Object.keys(probeFlags) as readonly (keyof typeof probeFlags)[];

/** Finds what keeps requests from being enforced, and proves by a request that they are. */
export const command = defineCommand({
  usage: 'doctor [FILE|DIR|- …] [FLAGS] | doctor probe --url URL --sidecar URL [FLAGS]',
  summary:
    'Looks for what lets requests pass unenforced, or will: in manifests, Envoy configurations and documents (FILE, DIR,\n' +
    'or - for standard input), in a cluster, and at what runs. Each finding has a code with a page in docs/doctor/.\n' +
    'probe: sends a request without credentials through an Envoy; it must be refused, and ostiary must confirm that it was\n' +
    'ostiary who refused it. Exits 0 if nothing is found, 1 if something is that is at least --fail-on, 3 if not\n' +
    'everything could be looked at.',
  examples: [
    'doctor manifests/ policies/',
    'doctor - < rendered.yaml  # what helm template has printed',
    'doctor --cluster --namespace shop',
    'doctor --redis redis://redis:6379 --envoy-admin http://127.0.0.1:15000',
    'doctor probe --url http://shop.test/orders --sidecar http://127.0.0.1:9192',
  ],
  flags: { ...lookFlags, ...probeFlags },
  sections: { cluster: 'What is looked at', failOn: 'How it is told', server: 'The control plane', url: 'Of probe' },
  maxArguments: Infinity,
  argumentWords: ['probe'],
  concerned: ([first]) => (first === undefined ? undefined : first === 'probe' ? [...ofProbe, ...OF_OUTPUT] : ofLook),
  async run({ values, positionals, given }, environment) {
    if (positionals[0] === 'probe') {
      if (positionals.length > 1) throw new UserError('probe takes no argument: give --url and --sidecar', 2);
      if (values.manifest) return printJob(values);
      return tell(await probe(values), values, environment);
    }
    const ofProbeAlone = ofProbe.find((flag) => given.has(flag));
    if (ofProbeAlone !== undefined)
      throw new UserError(`--${flagName(ofProbeAlone)} has no effect without probe: ostiary doctor probe …`, 2);
    const { cluster, kubeconfig, context, controlPlane, redis, admin, envoyAdmin } = values;
    const isNothing =
      positionals.length === 0 &&
      !cluster &&
      !controlPlane &&
      [kubeconfig, context].every((each) => each === undefined) &&
      admin.length + envoyAdmin.length + redis.length === 0;
    if (isNothing)
      throw new UserError('nothing to look at: name files or folders, or give --cluster; see ostiary doctor --help', 2);
    return tell(diagnose(await collect(positionals, values, environment)), values, environment);
  },
});

/** @returns the exit code */
function tell(diagnosis: Diagnosis, { failOn, output, color }: OutputFlags, environment: Environment): number {
  const { findings, unlooked } = diagnosis;
  if (output === 'text') {
    const hasColour = color === 'always' || (color === 'auto' && process.stdout.isTTY && !environment['NO_COLOR']);
    const columns = Math.min(80, columnsOf(environment, process.stdout));
    process.stdout.write(diagnosisText(diagnosis, { hasColour, columns }));
  } else {
    const told = output === 'json' ? jsonOf(diagnosis) : sarifOf(diagnosis, productVersion());
    process.stdout.write(`${JSON.stringify(told, null, 2)}\n`);
  }
  if (findings.some(({ severity }) => isAtLeast(severity, failOn))) return 1;
  return unlooked.length > 0 ? 3 : 0;
}
