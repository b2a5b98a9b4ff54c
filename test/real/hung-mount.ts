import { spawnSync } from 'node:child_process';
import { closeSync, openSync, readdirSync, readFileSync } from 'node:fs';
import { afterEach } from 'vitest';

/** A file system over a folder that answers nothing: whoever asks it waits, in the kernel, as for a server that is gone. */
export interface HungMount {
  /** The folder is as it was before; who waits is told of a failure. */
  release(): void;
}

/** Undefined: this machine can't, and a warning has said why. With `CI=true` that is a failure. */
export const mountHung = canMount() ? mount : undefined;

const mounted = new Set<HungMount>();
/** Whatever a test leaves mounted would keep threads, and so the process of the tests. */
export function releaseAfterEach(): void {
  afterEach(() => {
    for (const one of mounted) one.release();
  });
}

function mount(folder: string): HungMount {
  // The kernel asks the file system by this descriptor; nobody ever reads from it.
  const device = openSync('/dev/fuse', 'r+');
  const options = `fd=3,rootmode=40000,user_id=${process.getuid?.()},group_id=${process.getgid?.()}`;
  const done = spawnSync('mount', ['-i', '-t', 'fuse', '-o', options, 'hung', folder], {
    stdio: ['ignore', 'ignore', 'pipe', device],
    encoding: 'utf8',
  });
  if (done.status !== 0) {
    closeSync(device);
    throw new Error(`mount: ${done.stderr}`);
  }
  const hung: HungMount = {
    release() {
      if (!mounted.delete(hung)) return;
      closeSync(device);
      spawnSync('umount', ['-l', folder]);
    },
  };
  mounted.add(hung);
  return hung;
}

/** Whether a thread of the process waits for such a file system: the kernel names what it sleeps in. */
export function hangs(pid: number): boolean {
  const threads = `/proc/${pid}/task`;
  return readdirSync(threads).some((thread) => {
    const sleepsIn = readFileSync(`${threads}/${thread}/wchan`, 'utf8');
    return /fuse|request_wait_answer/.test(sleepsIn);
  });
}

function canMount(): boolean {
  try {
    if (process.getuid?.() !== 0) throw new Error('only root can mount');
    closeSync(openSync('/dev/fuse', 'r+'));
    return true;
  } catch (error) {
    const why = (error as Error).message;
    if (process.env['CI'] === 'true') throw new Error(`no mount that hangs: ${why}`, { cause: error });
    console.warn(`SKIPPED, no mount that hangs: ${why}`);
    return false;
  }
}
