/** The page of an API for those who own it. */
export function apiAddress(namespace: string | undefined, name: string | undefined, tab = ''): string {
  const path = `/apis/${encodeURIComponent(namespace ?? 'default')}/${encodeURIComponent(name ?? '')}`;
  return tab === '' ? path : `${path}/${tab}`;
}

/** As analytics and other documents call it. */
export function qualified(namespace: string | undefined, name: string | undefined): string {
  return namespace === undefined || namespace === 'default' ? (name ?? '') : `${namespace}/${name}`;
}
