/**
 * Whether a resource version is later than another of the same type of the same cluster. Kubernetes says since 1.35 that they
 * are decimal numbers that can be compared, and they always were; one that is none counts as later, so that nothing is lost.
 */
export function isLater(version: string | undefined, than: string | undefined): boolean {
  if (version === undefined || than === undefined) return true;
  if (!isNumber(version) || !isNumber(than)) return version !== than;
  if (version.length !== than.length) return version.length > than.length;
  return version > than;
}

/** The later one of both. */
export function laterOf(one: string, other: string | undefined): string {
  return other === undefined || isLater(one, other) ? one : other;
}

function isNumber(version: string): boolean {
  return /^[1-9]\d*$/.test(version);
}
