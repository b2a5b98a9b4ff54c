import { keyText } from '../../registry/conflict.ts';
import { FIELDS } from '../facts.ts';
import type { Entry, ResourceIndex } from '../resource-index.ts';
import type { Rights } from '../rights.ts';
import type { SpecificationWords } from './specification-words.ts';

const API_FIELDS = FIELDS['Api'] ?? [];
const BASE_PATH = API_FIELDS.indexOf('spec.basePath');
const ASSET = API_FIELDS.indexOf('metadata.asset');
const LIFECYCLE = API_FIELDS.indexOf('metadata.lifecycle');
const SPECIFICATION = API_FIELDS.indexOf('metadata.specification');

/** What is searched for. Empty: any. */
export interface CatalogQuery {
  readonly query: string;
  readonly teams: readonly string[];
  readonly lifecycles: readonly string[];
  /** `label=value`; all of them. */
  readonly tags: readonly string[];
}

export interface Hit {
  readonly entry: Entry;
  readonly team: string;
  readonly isFoundInSpecification: boolean;
}

export interface Count {
  readonly value: string;
  readonly count: number;
}

export interface CatalogPage {
  readonly hits: readonly Hit[];
  readonly total: number;
  readonly teams: readonly Count[];
  readonly lifecycles: readonly Count[];
  readonly tags: readonly Count[];
}

const MOST_WORDS = 16;
const MOST_FACETS = 50;
/** An API that nobody should begin to use comes after the others. */
const BELOW: Readonly<Record<string, number>> = { deprecated: 6, retired: 12 };

interface Ranked extends Hit {
  readonly score: number;
}

/** The APIs that a caller sees and that meet all of a query, the best first, with counts beside them. */
export function searchCatalog(
  index: ResourceIndex,
  { query, teams, lifecycles, tags }: CatalogQuery,
  { from, most }: { readonly from: number; readonly most: number },
  rights: Rights,
  words: SpecificationWords,
): CatalogPage {
  const isSeen = rights.listFilter('Api');
  const asked = wordsOf(query).map((word): Asked => ({ word, inSpecification: later(() => words.beginning(word)) }));
  const scoring = { asked, whole: query.trim().toLowerCase(), rights, index };
  const counts = {
    team: new Map<string, number>(),
    lifecycle: new Map<string, number>(),
    tag: new Map<string, number>(),
  };
  const wantedTeams = new Set(teams);
  const wantedLifecycles = new Set(lifecycles);
  const found: Ranked[] = [];
  for (const entry of index.ofKind('Api')) {
    if (!isSeen(entry)) continue;
    const { team } = rights.objectOf(entry, entry.facts);
    const ranked = rankOf(entry, team, scoring);
    if (ranked === undefined) continue;
    const lifecycle = entry.facts.fields[LIFECYCLE] ?? '';
    const isOfTeam = wantedTeams.size === 0 || wantedTeams.has(team);
    const isOfLifecycle = wantedLifecycles.size === 0 || wantedLifecycles.has(lifecycle);
    const own = tagsOf(entry);
    const hasTags = tags.every((tag) => own.includes(tag));
    // Each counts without itself: what another choice would find.
    if (isOfLifecycle && hasTags) add(counts.team, team);
    if (isOfTeam && hasTags) add(counts.lifecycle, lifecycle);
    if (!isOfTeam || !isOfLifecycle || !hasTags) continue;
    for (const tag of own) add(counts.tag, tag);
    found.push(ranked);
  }
  found.sort(
    (a, b) => b.score - a.score || order(a.entry.name, b.entry.name) || order(a.entry.namespace, b.entry.namespace),
  );
  return {
    hits: found.slice(from, from + most),
    total: found.length,
    teams: highest(counts.team),
    lifecycles: highest(counts.lifecycle),
    tags: highest(counts.tag),
  };
}

function wordsOf(query: string): readonly string[] {
  const all = query
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
  return [...new Set(all)].slice(0, MOST_WORDS);
}

interface Asked {
  readonly word: string;
  /** All words that are known are looked at for it: only where something else does not have the word. */
  readonly inSpecification: () => ReturnType<SpecificationWords['beginning']>;
}

function later<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}

interface Scoring {
  readonly asked: readonly Asked[];
  readonly whole: string;
  readonly rights: Rights;
  readonly index: ResourceIndex;
}

/** @returns undefined: one of the words is nowhere */
function rankOf(entry: Entry, team: string, { asked, whole, rights, index }: Scoring): Ranked | undefined {
  const { facts } = entry;
  const name = entry.name.toLowerCase();
  let score = -(BELOW[facts.fields[LIFECYCLE] ?? ''] ?? 0);
  if (asked.length === 0) return { entry, team, isFoundInSpecification: false, score };
  if (name === whole) score += 100;
  let isFoundInSpecification = false;
  let specification: string | undefined;
  for (const { word, inSpecification } of asked) {
    const own = scoreOf(word, name, entry, team);
    if (own > 0) {
      score += own;
      continue;
    }
    const hasWord = inSpecification();
    if (hasWord === undefined) return undefined;
    specification ??= specificationOf(entry, team, rights, index);
    if (!hasWord(specification)) return undefined;
    isFoundInSpecification = true;
    score += 5;
  }
  return { entry, team, isFoundInSpecification, score };
}

/** How well a word fits to what an API says of itself; 0: not at all. */
function scoreOf(word: string, name: string, { facts }: Entry, team: string): number {
  if (name === word) return 60;
  if (name.startsWith(word)) return 40;
  if (name.includes(word)) return isAtBegin(name, word) ? 34 : 28;
  if (facts.search.includes(word)) {
    // The name comes first, then what people read in its place. Tags have a sign in them.
    const begin = facts.search.indexOf('\n') + 1;
    const end = facts.search.indexOf('\n', begin);
    const title = begin === 0 ? '' : facts.search.slice(begin, end < 0 ? undefined : end);
    if (title.includes(word) && !title.includes('=')) return 24;
    return isAtBegin(facts.search, word) ? 16 : 10;
  }
  const { [BASE_PATH]: basePath, [ASSET]: asset } = facts.fields;
  if (basePath?.toLowerCase().includes(word) === true) return 22;
  if (asset?.toLowerCase().includes(word) === true) return 20;
  if (facts.holds.some((term) => term.startsWith('at ') && term.includes(word, 3))) return 12;
  return team.toLowerCase().includes(word) ? 8 : 0;
}

function isAtBegin(text: string, word: string): boolean {
  const at = text.indexOf(word);
  return at === 0 || !/[\p{L}\p{N}]/u.test(text[at - 1] ?? '');
}

/** The key of its specification, where the caller may read that; empty: there is none. */
function specificationOf(entry: Entry, team: string, rights: Rights, index: ResourceIndex): string {
  const name = entry.facts.fields[SPECIFICATION];
  if (name === undefined) return '';
  const { namespace } = entry;
  const text = keyText({ kind: 'Specification', namespace, name });
  const found = index.get(text);
  if (found === undefined || !rights.isWithin('read', 'Specification')) return '';
  // An API does not show what another team has written.
  return rights.objectOf(found, found.facts).team === team || rights.sees(found) ? text : '';
}

const NO_TAGS: readonly string[] = [];
const knownTags = new WeakMap<object, readonly string[]>();

function tagsOf({ facts: { labels } }: Entry): readonly string[] {
  if (labels === undefined) return NO_TAGS;
  let tags = knownTags.get(labels);
  if (tags === undefined) {
    knownTags.set(labels, (tags = Object.entries(labels).map(([label, value]) => `${label}=${value}`)));
  }
  return tags;
}

function add(counts: Map<string, number>, value: string): void {
  counts.set(value, (counts.get(value) ?? 0) + 1);
}

function highest(counts: ReadonlyMap<string, number>): readonly Count[] {
  return [...counts]
    .map(([value, count]) => ({ value, count }))
    .sort((a, b) => b.count - a.count || order(a.value, b.value))
    .slice(0, MOST_FACETS);
}

function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
