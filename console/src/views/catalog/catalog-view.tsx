import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { CatalogEntryJson, SearchResponseJson } from '../../../../gen/ostiary/v1/catalog_pb.js';
import { searchCatalog } from '../../api/consumers.ts';
import { usePages } from '../../api/use-pages.ts';
import { Icon } from '../../parts/icon.tsx';
import { Page } from '../../parts/page.tsx';
import { Given } from '../../parts/small.tsx';
import { Empty, Failed, Loading } from '../../parts/states.tsx';
import { here, setQuery } from '../../shell/router.ts';
import { TEXTS as COMMON } from '../../texts.ts';
import { Facet, tagName } from './facets.tsx';
import { Lifecycle } from './lifecycle.tsx';
import { plainText, tagText } from './plain-text.ts';
import { TEXTS } from './texts.ts';

/** Between two letters of somebody who types. */
const PAUSE_MS = 120;
const MOST_TAGS = 6;
const NUMBER = new Intl.NumberFormat();

/** APIs, found as one types. */
export default function CatalogView(): JSX.Element {
  const { searchParams } = here.value;
  const query = searchParams.get('q') ?? '';
  const chosen = (name: string): string[] => listOf(searchParams.get(name));
  const request = { query, teams: chosen('team'), lifecycles: chosen('lifecycle'), tags: chosen('tag') };
  const found = usePages(searchCatalog, request);
  const [first] = found.pages;
  const isFiltered = request.teams.length + request.lifecycles.length + request.tags.length > 0;
  const filters = first && (
    <>
      <Facet title={TEXTS.team} values={first.teams ?? []} chosen={request.teams} onChange={choose('team')} />
      <Facet
        title={TEXTS.lifecycle}
        values={first.lifecycles ?? []}
        chosen={request.lifecycles}
        onChange={choose('lifecycle')}
        textOf={(value) => value || TEXTS.noLifecycle}
      />
      <Facet
        title={TEXTS.tag}
        values={first.tags ?? []}
        chosen={request.tags}
        onChange={choose('tag')}
        textOf={tagName}
      />
      {isFiltered && (
        <button type="button" onClick={() => setQuery({ team: '', lifecycle: '', tag: '' })}>
          {TEXTS.clear}
        </button>
      )}
    </>
  );
  return (
    <Page title={TEXTS.title} lead={TEXTS.lead}>
      <div class="catalog">
        <SearchField query={query} />
        <aside class="catalog-filters" aria-label={TEXTS.filters}>
          {filters}
        </aside>
        <section class="catalog-found" aria-label={TEXTS.results} aria-busy={found.isLoading && first === undefined}>
          {filters && (
            <details class="catalog-narrow">
              <summary>
                {TEXTS.filters}
                {isFiltered && ` (${request.teams.length + request.lifecycles.length + request.tags.length})`}
              </summary>
              {filters}
            </details>
          )}
          {found.error && <Failed error={found.error} retry={found.reload} isBeside={first !== undefined} />}
          {first === undefined
            ? found.error === undefined && <Loading lines={8} />
            : results(found.pages, query !== '' || isFiltered)}
          {found.more && (
            <button type="button" class="catalog-more" onClick={found.more}>
              {COMMON.more}
            </button>
          )}
        </section>
      </div>
    </Page>
  );
}

function results(pages: readonly SearchResponseJson[], isNarrowed: boolean): JSX.Element {
  const apis = pages.flatMap((page) => page.apis ?? []);
  const { total = 0, unreadSpecifications = 0 } = pages[0] ?? {};
  if (apis.length === 0) {
    return isNarrowed ? (
      <Empty title={TEXTS.notFound} icon="search">
        {TEXTS.notFoundHelp}
      </Empty>
    ) : (
      <Empty title={TEXTS.none}>{TEXTS.noneHelp}</Empty>
    );
  }
  const unread =
    unreadSpecifications > 0 &&
    ` · ${NUMBER.format(unreadSpecifications)} specifications are being read yet: what they say is found in a moment`;
  return (
    <>
      <p class="catalog-count" role="status">
        {total === 1 ? '1 API' : `${NUMBER.format(total)} APIs`}
        {unread}
      </p>
      <ol class="catalog-list">
        {apis.map((entry) => (
          <Result key={`${entry.namespace}/${entry.name}`} entry={entry} />
        ))}
      </ol>
    </>
  );
}

function Result({ entry }: { readonly entry: CatalogEntryJson }): JSX.Element {
  const {
    basePath = '/',
    description = '',
    displayName = '',
    labels = {},
    lifecycle,
    name = '',
    namespace = '',
    team,
    version,
  } = entry;
  const about = plainText(description);
  const tags = Object.entries(labels);
  return (
    <li class="catalog-api">
      <h2>
        <a href={`/catalog/${encodeURIComponent(namespace)}/${encodeURIComponent(name)}`}>
          <bdi>{displayName || name}</bdi>
        </a>
        {version && <span class="catalog-version">{version}</span>}
        <Lifecycle of={lifecycle} isQuiet />
      </h2>
      {about !== '' && (
        <p class="catalog-about">
          <Given text={about} />
        </p>
      )}
      <p class="catalog-facts">
        <Given text={team} />
        <code>
          <bdi>{basePath === '/' ? `${namespace}/${name}` : basePath}</bdi>
        </code>
        {tags.slice(0, MOST_TAGS).map(([label, value]) => (
          <span key={label} class="catalog-tag">
            <bdi>{tagText(label, value)}</bdi>
          </span>
        ))}
        {entry.foundInSpecification === true && <span class="catalog-hint">{TEXTS.inSpecification}</span>}
      </p>
    </li>
  );
}

/** What is typed is looked for after a moment, and is in the address. */
function SearchField({ query }: { readonly query: string }): JSX.Element {
  const [typed, setTyped] = useState(query);
  const told = useRef(query);
  // Somebody has gone back, or to a link.
  useEffect(() => {
    if (query !== told.current) setTyped((told.current = query));
  }, [query]);
  useEffect(() => {
    if (typed === told.current) return undefined;
    const soon = setTimeout(() => setQuery({ q: (told.current = typed) }, 'replace'), PAUSE_MS);
    return () => clearTimeout(soon);
  }, [typed]);
  return (
    <div class="catalog-search" role="search">
      <Icon name="search" />
      <input
        type="search"
        value={typed}
        placeholder={TEXTS.placeholder}
        aria-label={TEXTS.search}
        autocomplete="off"
        spellcheck={false}
        maxLength={500}
        onInput={({ currentTarget }) => setTyped(currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key !== 'ArrowDown') return;
          event.preventDefault();
          document.querySelector<HTMLElement>('.catalog-list a')?.focus();
        }}
      />
    </div>
  );
}

function choose(name: string): (chosen: readonly string[]) => void {
  return (chosen) => setQuery({ [name]: chosen.length === 0 ? '' : JSON.stringify(chosen) });
}

/** Values of a filter, as the address has them: names may have any sign in them. */
function listOf(text: string | null): string[] {
  if (text === null) return [];
  try {
    const list: unknown = JSON.parse(text);
    return Array.isArray(list) ? list.filter((each) => typeof each === 'string') : [];
  } catch {
    return [text];
  }
}
