import { UserError } from '../errors.ts';
import { parseFlags } from '../flags.ts';
import { explainedYaml } from '../generate/explained-yaml.ts';
import { generateFlags } from './generate-flags.ts';
import { generateTargets } from './generate-targets.ts';
import { helpText } from './help.ts';

/** Prints what makes an Envoy ask ostiary, with comments that say why each setting is so. */
export async function run(argv: readonly string[], environment: NodeJS.ProcessEnv): Promise<number> {
  const { values, positionals, help } = parseFlags(generateFlags, argv, environment);
  const names = [...generateTargets.keys()].join('|');
  if (help) {
    const usage = `ostiary generate ${names} [FLAGS]`;
    process.stdout.write(helpText(usage, 'Prints the configuration that makes an Envoy ask ostiary.', generateFlags));
    return 0;
  }
  const [name = '', ...rest] = positionals;
  const target = generateTargets.get(name);
  if (target === undefined || rest.length > 0) {
    throw new UserError(`generate takes one of ${names}: see ostiary generate --help`, 2);
  }
  process.stdout.write(explainedYaml(target.documents(values), target.heading(values)));
  return 0;
}
