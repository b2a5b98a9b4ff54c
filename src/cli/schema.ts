import { jsonSchema } from '../document/json-schema.ts';
import { parseFlags } from '../flags.ts';
import { policyKinds } from '../policies/index.ts';
import { helpText } from './help.ts';

export async function run(argv: readonly string[], environment: NodeJS.ProcessEnv): Promise<number> {
  const { help } = parseFlags({}, argv, environment);
  const text = help
    ? helpText('ostiary schema > schema.json', 'Prints the JSON Schema of the documents, for editors.', {})
    : `${JSON.stringify(jsonSchema(policyKinds), null, 2)}\n`;
  process.stdout.write(text);
  return 0;
}
