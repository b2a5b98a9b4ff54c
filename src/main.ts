#!/usr/bin/env node
import { enableCompileCache } from 'node:module';
import { commands } from './cli/commands.ts';
import { UserError } from './errors.ts';

enableCompileCache();
process.exitCode = await run(process.argv.slice(2));

/** 0: done; 1: it failed, or the answer is no; 2: called wrongly. */
async function run(argv: readonly string[]): Promise<number> {
  const [name = '--help', ...rest] = argv;
  try {
    if (name === '--help' || name === '-h' || name === 'help') {
      process.stdout.write(overview());
      return 0;
    }
    const command = commands.get(name === '--version' ? 'version' : name);
    if (command === undefined) throw new UserError(`unknown command ${JSON.stringify(name)}: see ostiary --help`, 2);
    const loaded = await command.load();
    return await loaded.run(rest, process.env);
  } catch (thrown) {
    // What failed counts, not what failed when it was closed because of that.
    const error: unknown = thrown instanceof SuppressedError ? thrown.suppressed : thrown;
    process.stderr.write(`ostiary: ${messageOf(error)}\n`);
    return error instanceof UserError ? error.exitCode : 1;
  }
}

/** What a user can act on is one line; anything else is a defect, and its stack is what helps. */
function messageOf(error: unknown): string {
  if (error instanceof UserError) return error.message;
  return error instanceof Error ? `unexpected failure, please report it: ${error.stack}` : String(error);
}

function overview(): string {
  const lines = [...commands].map(([name, { summary }]) => `  ${name.padEnd(14)}${summary}`);
  return `ostiary: external authorization for Envoy

usage: ostiary COMMAND [FLAGS]

${lines.join('\n')}

ostiary COMMAND --help lists the flags of a command. Every flag has an environment variable:
--listen-mode is OSTIARY_LISTEN_MODE. Exit codes: 0 done, 1 failed or denied, 2 called wrongly.
`;
}
