import { isRecord } from '../document/load.ts';
import type { SyncedResource } from './resource-key.ts';

type Json = Readonly<Record<string, unknown>>;

/** A resource without the values of a Secret: of each, its digest stays. */
export function withoutValues<R extends SyncedResource>(resource: R): R {
  if (resource.kind !== 'Secret') return resource;
  const document = JSON.parse(resource.text) as Json;
  const data = dataOf(document).map(([key, { digest }]) => [key, { digest }] as const);
  const bare = { ...document, spec: { ...Object(document['spec']), data: Object.fromEntries(data) } };
  return { ...resource, text: JSON.stringify(bare) };
}

/** Whether it is a Secret some of whose values were left out. */
export function lacksValues({ kind, text }: SyncedResource): boolean {
  if (kind !== 'Secret') return false;
  try {
    return dataOf(JSON.parse(text)).some(
      ([, { value, opened, sealed }]) => value === undefined && opened === undefined && sealed === undefined,
    );
  } catch {
    return true;
  }
}

function dataOf(document: unknown): readonly (readonly [key: string, value: Json])[] {
  const spec = isRecord(document) ? document['spec'] : undefined;
  const data = isRecord(spec) ? spec['data'] : undefined;
  return Object.entries(isRecord(data) ? data : {}).filter((each): each is [string, Json] => isRecord(each[1]));
}
