import { watch } from 'node:fs';
import type { FSWatcher } from 'node:fs';
import { dirname } from 'node:path';
import { loadTls } from './tls.ts';
import type { LoadedTls, TlsFiles } from './tls.ts';

export interface TlsWatchOptions {
  readonly files: TlsFiles;
  /** What is in force now. */
  readonly loaded: LoadedTls;
  /** Milliseconds since the Unix epoch. */
  readonly now: () => number;
  /** Called with material that differs from what was in force and is fit to serve. */
  readonly onChange: (loaded: LoadedTls) => void;
  /** Called once for each new reason why a change can't be used; what was in force stays. */
  readonly onFault: (message: string) => void;
  /** Milliseconds of quiet after an event before the files are read. */
  readonly settleMs?: number;
  /** Milliseconds between looks at the files where no event arrives, as on network file systems. */
  readonly pollMs?: number;
}

/**
 * Follows the files through renewals. It watches their folders: Kubernetes replaces a Secret by
 * swapping the link `..data`, and a watch on the file itself never fires.
 */
export function watchTls(options: TlsWatchOptions): { close(): void } {
  const { files, settleMs = 200, pollMs = 60_000 } = options;
  let inForce = options.loaded;
  let lastFault = '';
  let closed = false;
  let settling: NodeJS.Timeout | undefined;
  let reading: Promise<void> = Promise.resolve();

  async function read(): Promise<void> {
    let next: LoadedTls;
    try {
      next = await loadTls(files, options.now());
    } catch (error) {
      const { message } = error as Error;
      if (!closed && message !== lastFault) options.onFault(message);
      lastFault = message;
      return;
    }
    lastFault = '';
    if (closed || same(next, inForce)) return;
    inForce = next;
    options.onChange(next);
  }

  // One after the other: an older reading must not replace a newer one.
  const readNext = (): void => {
    reading = reading.then(read);
  };
  const watchers: FSWatcher[] = [];
  const paths = [
    files.certificate,
    files.key,
    ...(files.clientAuthorities === undefined ? [] : [files.clientAuthorities]),
  ];
  for (const folder of new Set(paths.map((path) => dirname(path)))) {
    try {
      const watcher = watch(folder, { persistent: false }, () => {
        clearTimeout(settling);
        settling = setTimeout(readNext, settleMs).unref();
      });
      // The poll goes on without it.
      watcher.on('error', () => watcher.close());
      watchers.push(watcher);
    } catch (error) {
      options.onFault(
        `${folder}: can't be watched (${(error as NodeJS.ErrnoException).code}); read every ${pollMs} ms`,
      );
    }
  }
  const poll = setInterval(readNext, pollMs).unref();

  return {
    close(): void {
      closed = true;
      clearTimeout(settling);
      clearInterval(poll);
      for (const watcher of watchers) watcher.close();
    },
  };
}

function same(a: LoadedTls, b: LoadedTls): boolean {
  const { certificate, key, clientAuthorities } = a.material;
  return (
    certificate.equals(b.material.certificate) &&
    key.equals(b.material.key) &&
    (clientAuthorities ?? Buffer.alloc(0)).equals(b.material.clientAuthorities ?? Buffer.alloc(0))
  );
}
