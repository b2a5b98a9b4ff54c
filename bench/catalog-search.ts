// How long a search of the catalog takes: APIs, each with a specification, as somebody of one team of fifty sees them.
//   node bench/catalog-search.ts [APIS]
import { searchCatalog } from '../src/control/catalog/search.ts';
import { SpecificationWords } from '../src/control/catalog/specification-words.ts';
import { ResourceIndex } from '../src/control/resource-index.ts';
import { Rights } from '../src/control/rights.ts';
import { keyText } from '../src/registry/conflict.ts';
import type { Resource } from '../src/registry/log.ts';

const APIS = Number(process.argv[2] ?? 10_000);
const TEAMS = 50;
const ROUNDS = 20;
const WORDS = ['order', 'parcel', 'invoice', 'customer', 'tracking', 'payment', 'refund', 'stock', 'price', 'basket'];
const SPEC_WORDS = 400;

const wordAt = (at: number): string => WORDS[at % WORDS.length] ?? '';
let revision = 0;
function resource(kind: string, namespace: string, name: string, metadata: object, spec: object): Resource {
  revision += 1;
  const document = { kind, metadata: { name, namespace, ...metadata }, spec };
  return { kind, namespace, name, revision, createdRevision: revision, at: 0, owner: 'api', set: '', document };
}

const index = new ResourceIndex();
const words = new SpecificationWords();
const teams = Array.from({ length: TEAMS }, (_, at) => {
  const members = [{ user: `dev-${at}`, role: 'developer' }];
  return resource('Team', 'platform', `team-${at}`, {}, { namespaces: [`ns-${at}`], members });
});
const readAt = performance.now();
const others = Array.from({ length: APIS }, (_, at) => {
  const namespace = `ns-${at % TEAMS}`;
  const name = `${wordAt(at)}-${wordAt(at >> 3)}-${at}`;
  const text = Array.from({ length: SPEC_WORDS }, (__, of) => `${wordAt(of)}${(at * 31 + of * 7) % 20_000}`).join(' ');
  const specification = resource('Specification', namespace, `s-${at}`, {}, { format: 'openapi' });
  words.set(keyText(specification), text);
  const about = {
    description: `Tells of each ${wordAt(at + 1)}.`,
    labels: { area: wordAt(at + 2), tier: String(at % 3) },
  };
  const found = { lifecycle: 'published', visibility: 'internal', specification: `s-${at}` };
  return [specification, resource('Api', namespace, name, { ...about, ...found }, { basePath: `/${name}` })];
}).flat();
index.load([...teams, ...others]);
index.sort();
console.log(`${APIS} APIs, ${words.size} specifications, made in ${Math.round(performance.now() - readAt)} ms`);
const DEVELOPER = { name: 'user:dev-7', credential: 'session:1', address: '', isBootstrap: false, groups: [] };
for (const query of ['', 'order', 'o', 'order parcel', 'tracking123', 'payment4 refund', 'nowhere']) {
  const took: number[] = [];
  let total = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const begin = performance.now();
    const asked = { query, teams: [], lifecycles: [], tags: [] };
    total = searchCatalog(index, asked, { from: 0, most: 25 }, new Rights(DEVELOPER, index), words).total;
    took.push(performance.now() - begin);
  }
  took.sort((a, b) => a - b);
  const at = (share: number): string => (took[Math.floor(share * (ROUNDS - 1))] ?? 0).toFixed(1);
  console.log(
    `${JSON.stringify(query).padEnd(20)} ${String(total).padStart(6)} found, p50 ${at(0.5)} ms, p95 ${at(0.95)} ms`,
  );
}
console.log(`${Math.round(process.memoryUsage().rss / 1e6)} MB`);
