import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
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

/** A loopback TCP port that nothing listens on at this moment. */
export async function freePort(): Promise<number> {
  const server = createServer();
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
