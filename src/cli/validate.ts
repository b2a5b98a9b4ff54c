import { formatFault } from '../document/fault.ts';
import { parseFlags, toggle } from '../flags.ts';
import { loadOnce } from './documents.ts';
import { helpText } from './help.ts';

const flags = { json: toggle('one JSON object for scripts') };

/** Asks nobody: key sets are fetched when they serve. */
const offline: typeof fetch = () => Promise.reject(new Error('validate fetches nothing'));

export async function run(argv: readonly string[], environment: NodeJS.ProcessEnv): Promise<number> {
  const { values, positionals, help } = parseFlags(flags, argv, environment);
  if (help) {
    const summary =
      'Tells every fault of the documents in DIR (default policies). Exits 0 without faults, else 1; warnings are no faults.';
    process.stdout.write(helpText('ostiary validate [DIR …] [--json]', summary, flags));
    return 0;
  }
  const compiled = await loadOnce(positionals.length === 0 ? ['policies'] : positionals, environment, offline);
  compiled.close();
  const { warnings } = compiled;
  if (!values.json) process.stdout.write(warnings.map((warning) => `${formatFault(warning)}\n`).join(''));
  if (compiled.snapshot === undefined) {
    const { faults } = compiled;
    const text = values.json ? JSON.stringify({ valid: false, faults, warnings }) : faults.map(formatFault).join('\n');
    process.stdout.write(`${text}\n`);
    if (!values.json) process.stderr.write(`ostiary: ${count(faults.length, 'fault')}\n`);
    return 1;
  }
  const { version, apis, clientApplications, contracts } = compiled.snapshot;
  const summary = {
    valid: true,
    version,
    apis: apis.length,
    clientApplications,
    contracts: contracts.length,
    warnings,
  };
  process.stdout.write(
    values.json
      ? `${JSON.stringify(summary)}\n`
      : `valid: ${count(apis.length, 'API')}, ${count(clientApplications, 'client application')}, ` +
          `${count(contracts.length, 'contract')}; version ${version}\n`,
  );
  return 0;
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
