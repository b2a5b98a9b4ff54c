import { enableCompileCache } from 'node:module';
import { startLean } from '../engine.ts';

// First, so that what is imported next is in the cache too.
enableCompileCache();
startLean();
// A run that ends without an answer has failed.
process.exitCode = 1;
// Not awaited, so that the bundle can be CommonJS, which is ready sooner and lighter.
void start();

async function start(): Promise<void> {
  const { main } = await import('./main.ts');
  const { leaveStuckFiles } = await import('../file-access.ts');
  process.exitCode = await main(process.argv.slice(2), process.env);
  leaveStuckFiles(process.exitCode);
}
