import { enableCompileCache } from 'node:module';

// First, so that what is imported next is in the cache too.
enableCompileCache();
const { main } = await import('./main.ts');
const { leaveStuckFiles } = await import('../file-access.ts');
process.exitCode = await main(process.argv.slice(2), process.env);
leaveStuckFiles(process.exitCode);
