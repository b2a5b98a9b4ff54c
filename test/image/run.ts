import { execFileSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { startProcess } from '../real/process.ts';
import type { RealProcess } from '../real/process.ts';
import type { BuiltImage } from './build.ts';

/** Puts what the distroless base brings under the image: Node and the libraries that it loads. */
export function addNode(root: string): void {
  // A scratch folder is its owner's alone.
  chmodSync(root, 0o755);
  const node = realpathSync(process.execPath);
  place(node, join(root, '/nodejs/bin/node'));
  const libraries = execFileSync('ldd', [node], { encoding: 'utf8' }).matchAll(/(\/\S+) \(0x/g);
  for (const [, library = ''] of libraries) place(realpathSync(library), join(root, library));
  for (const folder of ['proc', 'tmp', 'etc']) mkdirSync(join(root, folder), { recursive: true });
}

/** Whether this process may change its root and its user, as {@link runInside} does. */
export function canRunInside(): boolean {
  if (process.getuid?.() !== 0) return false;
  try {
    execFileSync('unshare', ['--mount', 'true'], { stdio: 'pipe' });
    return true;
  } catch {
    return false;
  }
}

/**
 * Runs a command with the image as its root, mounted read-only, as the image's user and without any
 * capability. What `mounts` names (inside: outside) is mounted into it, read-only too.
 */
export async function runInside(
  image: BuiltImage,
  command: readonly string[],
  env: Readonly<Record<string, string>>,
  mounts: Readonly<Record<string, string>>,
): Promise<RealProcess> {
  const steps = [`mount --bind '${image.root}' '${image.root}'`];
  for (const [inside, outside] of Object.entries(mounts)) {
    const target = join(image.root, inside);
    mkdirSync(target, { recursive: true });
    steps.push(`mount --bind '${outside}' '${target}'`, `mount -o remount,bind,ro '${target}'`);
  }
  // A container has its processes there.
  steps.push(`mount --rbind /proc '${join(image.root, 'proc')}'`, `mount -o remount,bind,ro '${image.root}'`);
  // A change of user from root takes every capability away.
  steps.push(`exec chroot --userspec=${image.user} --groups= '${image.root}' "$@"`);
  const script = steps.join(' && ');
  return startProcess('unshare', ['--mount', 'sh', '-c', script, 'sh', ...command], { env: { ...image.env, ...env } });
}

function place(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true });
  cpSync(from, to);
}
