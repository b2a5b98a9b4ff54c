/** As `headerNamesWithSigns` takes them: 1 at the length of each of these names. */
export function lengthsOf(names: readonly string[]): Uint8Array {
  const lengths = new Uint8Array(1 + Math.max(0, ...names.map(({ length }) => length)));
  for (const { length } of names) lengths[length] = 1;
  return lengths;
}

/** In ASCII alone, as names of headers are compared. */
export function lower(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase());
}
