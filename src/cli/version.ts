import { parseFlags, toggle } from '../flags.ts';
import { productVersion } from '../product.ts';
import { helpText } from './help.ts';

const flags = { json: toggle('one JSON object for scripts') };

export async function run(argv: readonly string[], environment: NodeJS.ProcessEnv): Promise<number> {
  const { values, help } = parseFlags(flags, argv, environment);
  if (help) {
    process.stdout.write(helpText('ostiary version [--json]', 'Prints the version of ostiary and of Node.', flags));
    return 0;
  }
  const version = { ostiary: productVersion(), node: process.versions.node };
  process.stdout.write(
    values.json ? `${JSON.stringify(version)}\n` : `ostiary ${version.ostiary} (Node ${version.node})\n`,
  );
  return 0;
}
