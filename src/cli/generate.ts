import { UserError } from '../errors.ts';
import type { Flags } from '../flags.ts';
import { explainedYaml } from '../generate/explained-yaml.ts';
import { didYouMean } from '../nearest.ts';
import { defineCommand } from './command.ts';
import { generateFlags } from './generate-flags.ts';
import type { GenerateFlags } from './generate-flags.ts';
import { FLAGS_OF_ASKING, generateTargets } from './generate-targets.ts';

const NAMES = [...generateTargets.keys()];

/** Prints the configuration that makes an Envoy ask ostiary, with comments that give the reason of each setting. */
export const command = defineCommand({
  usage: `generate ${NAMES.join('|')} [FLAGS]`,
  summary:
    'Prints configuration with which Envoy asks ostiary, with the reason for each setting.\n' +
    'ostiary generate TARGET --help lists the flags of one target.',
  examples: [
    'generate bootstrap --ostiary 127.0.0.1:9191 --upstream 127.0.0.1:8080 > envoy.yaml',
    'generate envoyfilter --namespace shop --selector app=orders | kubectl apply -f -',
  ],
  flags: withTargets(generateFlags),
  maxArguments: 1,
  concerned([name = ''], { routesOnly }) {
    const flags = generateTargets.get(name)?.flags;
    return routesOnly ? flags?.filter((flag) => !FLAGS_OF_ASKING.includes(flag)) : flags;
  },
  run({ values, positionals: [name] }) {
    const target = generateTargets.get(name ?? '');
    if (target === undefined) {
      const meant = name === undefined ? '' : didYouMean(name, NAMES);
      throw new UserError(`generate takes one of ${NAMES.join(', ')}${meant || ': see ostiary generate --help'}`, 2);
    }
    process.stdout.write(explainedYaml(target.documents(values), target.heading(values)));
    return Promise.resolve(0);
  },
});

/** The help of a flag names its targets, unless it applies to all. */
function withTargets<F extends Flags>(flags: F): F {
  const entries = Object.entries(flags).map(([key, flag]) => {
    const concerned = NAMES.filter((name) => generateTargets.get(name)?.flags.includes(key as keyof GenerateFlags));
    const note = concerned.length === NAMES.length ? '' : ` (${concerned.join(', ')})`;
    return [key, { ...flag, help: `${flag.help}${note}` }];
  });
  return Object.fromEntries(entries) as F;
}
