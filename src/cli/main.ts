import { nearest } from '../nearest.ts';
import { UserError } from '../errors.ts';
import type { Environment } from './command.ts';
import { commands } from './commands.ts';

/** Runs a command line. 0: done; 1: it failed, or the answer is no; 2: called wrongly. */
export async function main(argv: readonly string[], environment: Environment): Promise<number> {
  try {
    const [name = '--help', ...rest] = argv;
    if (name === '--help' || name === '-h') return printOverview();
    if (name === 'help') return await help(rest, environment);
    return await commandNamed(name === '--version' || name === '-v' ? 'version' : name).then((command) =>
      command.main(rest, environment),
    );
  } catch (thrown) {
    // The first failure is reported, not failures while closing because of it.
    const error: unknown = thrown instanceof SuppressedError ? thrown.suppressed : thrown;
    process.stderr.write(`ostiary: ${messageOf(error)}\n`);
    return error instanceof UserError ? error.exitCode : 1;
  }
}

/** `ostiary help check` is `ostiary check --help`, `ostiary help generate flex` likewise. */
async function help([name, ...rest]: readonly string[], environment: Environment): Promise<number> {
  if (name === undefined) return printOverview();
  const command = await commandNamed(name);
  return command.main([...rest, '--help'], environment);
}

async function commandNamed(name: string) {
  const entry = commands.get(name);
  if (entry !== undefined) return (await entry.load()).command;
  const meant = nearest(name, commands.keys());
  if (name.startsWith('-')) throw new UserError(`a command comes first, and ${name} is a flag: see ostiary --help`, 2);
  const remedy = meant === undefined ? 'see ostiary --help' : `did you mean ${JSON.stringify(meant)}?`;
  throw new UserError(`there is no command ${JSON.stringify(name)}: ${remedy}`, 2);
}

/** An error that a user can fix is one line; anything else is a defect, and is shown with its stack. */
function messageOf(error: unknown): string {
  if (error instanceof UserError) return error.message;
  return error instanceof Error ? `unexpected failure, please report it: ${error.stack}` : String(error);
}

function printOverview(): number {
  const lines = [...commands].map(([name, { summary }]) => `  ${name.padEnd(14)}${summary}`);
  process.stdout.write(`ostiary decides for Envoy whether a request may pass (ext_authz).

Usage:
  ostiary COMMAND [FLAGS]

Commands:
${lines.join('\n')}

Examples:
  ostiary validate policies
  ostiary serve --policies policies
  ostiary check --host orders.example.com --path /orders/1

ostiary COMMAND --help lists the flags of a command, with their environment variables.
Exit codes: 0 done, 1 failed or denied, 2 wrong command, flag or value.
`);
  return 0;
}
