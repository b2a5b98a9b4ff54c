import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const folders = new Set<string>();
process.on('exit', () => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** A new folder with a short path (a Unix socket's is at most 107 bytes), gone when this process ends. */
export function scratchFolder(purpose: string): string {
  const folder = mkdtempSync(join(tmpdir(), `ost-${purpose}-`));
  folders.add(folder);
  return folder;
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
