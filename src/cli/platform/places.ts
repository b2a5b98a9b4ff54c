import type { Place } from '../../document/load.ts';

/** The file that a document stands in. */
export function whereOf(place: Place): string {
  return 'resource' in place ? place.resource : place.source.file;
}
