import { text } from '../flags.ts';
import type { Flag } from '../flags.ts';

const GIB = 1024 ** 3;
const UNIT_BYTES: Readonly<Record<string, number>> = { KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3 };

/** Flags for the place of the history. */
export const historyFlags = {
  dataDir: text(
    undefined,
    'DIR',
    'keep what must outlive a restart here, such as the history of requests (analytics.db) and the log of a control plane (control.db); the folder is made, for our user alone',
  ),
  analyticsDatabase: text(
    undefined,
    'URL',
    'keep the history of requests in PostgreSQL instead: postgres://USER:PASSWORD@HOST/DATABASE; several replicas may share it',
    postgresUrl,
  ),
  analyticsMaxSize: byteSize(
    2 * GIB,
    { minimum: 16 * 1024 ** 2, maximum: 1024 * GIB },
    'most that the history may take; beyond it the oldest of the finest counts are deleted',
  ),
};

export function postgresUrl(given: string): string | undefined {
  const protocol = URL.parse(given)?.protocol;
  return protocol === 'postgres:' || protocol === 'postgresql:'
    ? undefined
    : 'expected a URL such as postgres://ostiary@db:5432/ostiary';
}

/** A number of octets with a unit: `512MiB`, `2GiB`. */
function byteSize(
  fallbackBytes: number,
  { minimum, maximum }: { readonly minimum: number; readonly maximum: number },
  help: string,
): Flag<number> {
  const parse = (texts: readonly string[]): number => {
    const matched = /^(\d+)([KMG]iB)$/.exec(texts.at(-1) ?? '');
    if (matched === null) throw new TypeError('expected a size with its unit, such as 512MiB or 2GiB');
    const bytes = Number(matched[1]) * (UNIT_BYTES[matched[2] as string] as number);
    if (bytes >= minimum && bytes <= maximum) return bytes;
    throw new TypeError(`expected a size from ${sizeText(minimum)} to ${sizeText(maximum)}`);
  };
  const shown = sizeText(fallbackBytes);
  return { placeholder: 'SIZE', fallback: fallbackBytes, shown, repeatable: false, help, parse };
}

function sizeText(bytes: number): string {
  const [unit = 'KiB', factor = 1024] =
    Object.entries(UNIT_BYTES).findLast(([, each]) => bytes % each === 0 && bytes >= each) ?? [];
  return `${bytes / factor}${unit}`;
}
