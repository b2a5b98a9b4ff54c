/** Every text of the console that more than one view shows. Those of one view are in its `texts.ts`. */
export const TEXTS = {
  loading: 'Loading…',
  retry: 'Try again',
  empty: 'Nothing here yet',
  notFound: 'There is no such page',
  notFoundHelp: 'The address may be old, or what it shows was deleted.',
  noPermission: 'You may not see this',
  unreachable: 'The control plane does not answer',
  failed: 'This did not work',
  more: 'More',
  cancel: 'Cancel',
  copy: 'Copy',
  copied: 'Copied',
  search: 'Search',
  menu: 'Menu',
  logOut: 'Log out',
  skip: 'To the content',
} as const;
