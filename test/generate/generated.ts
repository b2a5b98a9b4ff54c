import { parseAllDocuments } from 'yaml';
import { generateFlags } from '../../src/cli/generate-flags.ts';
import { generateTargets } from '../../src/cli/generate-targets.ts';
import { parseFlags } from '../../src/flags.ts';
import { explainedYaml } from '../../src/generate/explained-yaml.ts';

export interface Generated {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly spec: Record<string, unknown>;
}

/** What `ostiary generate` prints. @param line without `ostiary generate` @throws UserError */
export function generate(line: string): { text: string; documents: readonly Generated[] } {
  const [name = '', ...argv] = line.split(' ');
  const { values } = parseFlags(generateFlags, argv, {});
  const target = generateTargets.get(name);
  const text = explainedYaml(target?.documents(values) ?? [], target?.heading(values) ?? '');
  return { text, documents: parseAllDocuments(text).map((each) => each.toJS() as Generated) };
}
