import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** Where the built console lies: beside the bundle, else where `npm run console` puts it. */
export function consoleFolder(): string {
  const beside = join(import.meta.dirname, 'console');
  return existsSync(join(beside, 'index.html')) ? beside : join(import.meta.dirname, '..', '..', 'console', 'dist');
}
