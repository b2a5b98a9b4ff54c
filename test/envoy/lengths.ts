/** As `headerNamesWithSigns` takes them: 1 at each of these lengths. */
export function lengths(...all: readonly number[]): Uint8Array {
  const marked = new Uint8Array(Math.max(0, ...all) + 1);
  for (const length of all) marked[length] = 1;
  return marked;
}
