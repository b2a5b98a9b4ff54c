import { Readable } from 'node:stream';
import { vi } from 'vitest';
import { main } from '../../src/cli/main.ts';

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs a command line in this process, one at a time, with what it prints.
 * @param stdin undefined: what this process has
 */
export function runMain(
  argv: readonly string[],
  environment: Readonly<Record<string, string>> = {},
  stdin?: string,
): Promise<Ran> {
  const run = previous.then(() => captured(argv, environment, stdin));
  previous = run.catch(() => undefined);
  return run;
}

let previous: Promise<unknown> = Promise.resolve();

async function captured(
  argv: readonly string[],
  environment: Readonly<Record<string, string>>,
  stdin: string | undefined,
): Promise<Ran> {
  const written = { stdout: '', stderr: '' };
  const spies = (['stdout', 'stderr'] as const).map((name) =>
    vi.spyOn(process[name], 'write').mockImplementation((chunk) => {
      written[name] += String(chunk);
      return true;
    }),
  );
  const input =
    stdin === undefined
      ? undefined
      : vi.spyOn(process, 'stdin', 'get').mockReturnValue(Readable.from([Buffer.from(stdin)]) as typeof process.stdin);
  try {
    const code = await main(argv, environment);
    return { code, ...written };
  } finally {
    for (const spy of spies) spy.mockRestore();
    input?.mockRestore();
  }
}
