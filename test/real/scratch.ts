import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const folders = new Set<string>();
process.on('exit', () => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/**
 * A new folder with a short path (a Unix socket's is at most 107 bytes), gone when this process ends.
 * One that is killed, as test runners do with their workers, leaves it to the next that asks.
 */
export function scratchFolder(purpose: string): string {
  if (folders.size === 0) sweep();
  const folder = mkdtempSync(join(tmpdir(), `ost-${process.pid}-${purpose}-`));
  folders.add(folder);
  return folder;
}

/** Removes what processes left behind that are no more. */
function sweep(): void {
  for (const name of readdirSync(tmpdir())) {
    const pid = Number(/^ost-(\d+)-/.exec(name)?.[1]);
    if (!(pid > 0) || isAlive(pid)) continue;
    try {
      rmSync(join(tmpdir(), name), { recursive: true, force: true });
    } catch {
      // Another user's, or another process sweeps it too.
    }
  }
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Below those that systems give to connections that go out: none of these takes a port before it is listened on. */
const FIRST_PORT = 20_000;
/** Workers of the test runner draw from ports of their own. */
const PORTS_OF_WORKER = 1_500;
const WORKERS = 8;
const FIRST_OF_OURS = FIRST_PORT + (Number(process.env['VITEST_POOL_ID'] ?? 0) % WORKERS) * PORTS_OF_WORKER;

let drawn = Math.floor(Math.random() * PORTS_OF_WORKER);

/** A loopback TCP port that nothing listens on at this moment. */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < PORTS_OF_WORKER; tries++) {
    drawn = (drawn + 1) % PORTS_OF_WORKER;
    // Kept: while this one is tried, another call draws the next.
    const port = FIRST_OF_OURS + drawn;
    if (await isFree(port)) return port;
  }
  throw new Error(`no port from ${FIRST_OF_OURS} on is free`);
}

function isFree(port: number): Promise<boolean> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
