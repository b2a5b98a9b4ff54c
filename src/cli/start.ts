import { enableCompileCache } from 'node:module';
import { startLean } from '../engine.ts';

/** Of a shell, for a process that SIGPIPE (13) has ended. */
const SIGPIPE_EXIT = 128 + 13;

// First, so that what is imported next is in the cache too.
enableCompileCache();
startLean();
// A run that ends without an answer has failed.
process.exitCode = 1;
process.stdout.on('error', leaveUnread);
// What is told there is for people alone: a service goes on when nobody reads it.
process.stderr.on('error', () => {});
// Not awaited, so that the bundle can be CommonJS, which is ready sooner and lighter.
void start();

async function start(): Promise<void> {
  const { main } = await import('./main.ts');
  const { leaveStuckFiles } = await import('../file-access.ts');
  process.exitCode = await main(process.argv.slice(2), process.env);
  leaveStuckFiles(process.exitCode);
}

/** As a signal would end it: the reader had enough, such as `head -1`. The log of a service listens too, and goes on. */
function leaveUnread(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
  if (process.stdout.listenerCount('error') === 1) process.exit(SIGPIPE_EXIT);
}
