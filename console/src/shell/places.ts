/** Kinds that have a view of their own, for whoever looks for one. */
export const FOUND_KINDS = ['Api', 'ClientApplication'];

const FOLDERS: Readonly<Record<string, string>> = { Api: '/catalog', ClientApplication: '/applications' };

/** The address of the view of a resource; undefined: its kind has none. */
export function addressOf(kind: string, namespace: string, name: string): string | undefined {
  const folder = FOLDERS[kind];
  return folder && `${folder}/${encodeURIComponent(namespace)}/${encodeURIComponent(name)}`;
}
