import type { Flag } from '../flags.ts';

const UNITS: Readonly<Record<string, number>> = { KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3 };

/** A size with its unit, in whole bytes: `64KiB`, `100MiB`, `2GiB`. */
export function size(fallback: string, minimum: string, help: string): Flag<number> {
  const bytesOf = (text: string): number => {
    const [, number, unit = ''] = /^(\d{1,6})(KiB|MiB|GiB)$/.exec(text) ?? [];
    return Number(number) * (UNITS[unit] ?? NaN);
  };
  return {
    placeholder: 'SIZE',
    fallback: bytesOf(fallback),
    shown: fallback,
    repeatable: false,
    help,
    parse(texts) {
      const bytes = bytesOf(texts.at(-1) ?? '');
      if (bytes >= bytesOf(minimum)) return bytes;
      throw new TypeError(`expected a size with its unit, such as 64MiB, and at least ${minimum}`);
    },
  };
}
