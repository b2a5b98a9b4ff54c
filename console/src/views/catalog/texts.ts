export const TEXTS = {
  title: 'Catalog',
  lead: 'APIs that there are, and who owns them.',
  placeholder: 'Name, tag, path, or what a specification says',
  search: 'Search the catalog',
  filters: 'Filters',
  clear: 'Clear filters',
  team: 'Team',
  lifecycle: 'Lifecycle',
  tag: 'Tag',
  noLifecycle: 'not said',
  none: 'No APIs yet',
  noneHelp: 'An API is here once its owner has published it, for everybody inside or for your team.',
  notFound: 'No API has all of this',
  notFoundHelp:
    'Try fewer words, or the beginning of one: words are looked for in names, tags, paths, descriptions and specifications.',
  inSpecification: 'found in its specification',
  results: 'APIs',
} as const;
