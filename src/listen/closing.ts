import type { Server, Socket } from 'node:net';

/** How often idle connections are looked for. Node keeps a connection open after its last answer. */
const LOOK_MS = 50;

/**
 * Closes a server: idle connections at once, others when their requests have ended.
 * @param sockets all connections; those that are left after `timeoutMs` are cut
 * @param closeIdle closes connections without requests; called again and again
 */
export async function closeWithin(
  timeoutMs: number,
  server: Server,
  sockets: { keys(): Iterable<Socket> },
  closeIdle: () => void,
): Promise<void> {
  const closed = new Promise((resolve) => server.close(resolve));
  const looking = setInterval(closeIdle, LOOK_MS);
  const cut = setTimeout(() => {
    for (const socket of sockets.keys()) socket.destroy();
  }, timeoutMs);
  await closed;
  clearInterval(looking);
  clearTimeout(cut);
}
