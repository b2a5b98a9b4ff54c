import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { findOnPath } from './sources.ts';

/** A real program that a test started. It never outlives the process that started it. */
export interface RealProcess {
  readonly pid: number;
  /** Everything it has written so far, both streams. */
  output(): string;
  /** Undefined while it runs. */
  exitCode(): number | null | undefined;
  /** Resolves with the exit code, or null where a signal ended it. */
  readonly exited: Promise<number | null>;
  signal(name: NodeJS.Signals): void;
  /** Stops it from running until {@link resume}: its sockets stay open and answer nothing. */
  pause(): void;
  resume(): void;
  /** SIGTERM; SIGKILL where that is not enough in time (5 s unless told). */
  stop(patienceMs?: number): Promise<void>;
  /** SIGKILL, and waits until it is gone. */
  kill(): Promise<void>;
}

export interface StartOptions {
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
}

const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

// The kernel then kills the child even where this process is killed itself.
const leash = findOnPath('setpriv');

export async function startProcess(
  program: string,
  args: readonly string[],
  options: StartOptions = {},
): Promise<RealProcess> {
  const setpriv = process.platform === 'linux' ? await leash : undefined;
  const command = setpriv === undefined ? [program] : [setpriv, '--pdeathsig', 'KILL', '--', program];
  const child = spawn(command[0] ?? program, [...command.slice(1), ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(options.env === undefined ? {} : { env: options.env }),
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  });
  running.add(child);
  let output = '';
  child.stdout.on('data', (bytes) => (output += String(bytes)));
  child.stderr.on('data', (bytes) => (output += String(bytes)));
  const exited = new Promise<number | null>((resolve) => {
    // 'close' comes after 'exit', when the output is complete.
    child.once('close', (code) => {
      running.delete(child);
      resolve(code);
    });
  });
  await once(child, 'spawn');
  const signal = (name: NodeJS.Signals) => void child.kill(name);
  const kill = async () => {
    signal('SIGKILL');
    await exited;
  };
  return {
    pid: child.pid ?? 0,
    output: () => output,
    exitCode: () => (child.exitCode === null && child.signalCode === null ? undefined : child.exitCode),
    exited,
    signal,
    pause: () => signal('SIGSTOP'),
    resume: () => signal('SIGCONT'),
    async stop(patienceMs = 5000) {
      // A paused process takes no SIGTERM.
      signal('SIGCONT');
      signal('SIGTERM');
      const patience = new AbortController();
      const late = sleep(patienceMs, undefined, { signal: patience.signal }).then(kill, () => undefined);
      await Promise.race([exited, late]);
      patience.abort();
    },
    kill,
  };
}

/**
 * Asks until the answer is yes.
 * @throws Error with the program's output where it ends before, or the time is up
 */
export async function untilReady(
  what: string,
  program: RealProcess,
  isReady: () => Promise<boolean>,
  timeoutMs = 60_000,
  everyMs = 20,
): Promise<void> {
  const end = performance.now() + timeoutMs;
  for (;;) {
    if (await isReady().catch(() => false)) return;
    if (program.exitCode() !== undefined) throw new Error(`${what} has ended: ${program.output().slice(-2000)}`);
    if (performance.now() > end) throw new Error(`${what} is not ready in time: ${program.output().slice(-2000)}`);
    await sleep(everyMs);
  }
}
