import fc from 'fast-check';
import { expect, test } from 'vitest';
import { keyOf } from '../../../src/control/facts.ts';
import { placeFindings } from '../../../src/control/places/place-findings.ts';
import { ResourceIndex } from '../../../src/control/resource-index.ts';
import { keyText } from '../../../src/registry/conflict.ts';
import type { Resource, ResourceKey } from '../../../src/registry/log.ts';
import { hostOf } from '../../../src/request/host.ts';
import { normalizeBasePath } from '../../../src/document/fields.ts';
import { hostsOf } from '../../../src/document/hosts.ts';
import { createApiIndex } from '../../../src/snapshot/api-index.ts';
import type { Api } from '../../../src/snapshot/snapshot.ts';
import { api, document } from '../fixture.ts';

// A model that knows nothing of indexes: it compares every API with every other, and asks the data plane for requests that
// both would get if they were alone.

type Json = Readonly<Record<string, unknown>>;

interface Written {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly owner?: string };
  readonly spec: {
    readonly hosts?: readonly string[];
    readonly basePath?: string;
    readonly publicUrl?: string;
    readonly guests?: readonly (Json & { readonly basePath: string; readonly hosts?: readonly string[] })[];
    readonly namespaces?: readonly string[];
  };
}

const LOOSE = { port: 'ignore', finalDot: 'ignore' } as const;
const HOSTS = ['example.com', 'a.example.com', 'b.example.com', 'x.a.example.com', 'other.test', ''];
const PATHS = ['/', '/o', '/o/r', '/o/r/1', '/p', '/or'];
const REQUESTS = HOSTS.flatMap((host) => PATHS.map((path) => ({ host, path })));

class State {
  readonly index = new ResourceIndex();
  readonly documents = new Map<string, Written>();
  #revision = 0;

  put(key: ResourceKey, to: Written | undefined): void {
    this.#revision += 1;
    if (to === undefined) {
      this.documents.delete(keyText(key));
      this.index.remove(key);
      return;
    }
    this.documents.set(keyText(key), to);
    this.index.put(resourceOf(key, to, this.#revision));
  }
}

function resourceOf(key: ResourceKey, of: unknown, revision = 1): Resource {
  return { ...key, revision, createdRevision: revision, at: 0, owner: 'api', set: '', document: of };
}

type Model = ReadonlyMap<string, Written>;

function teamIn(model: Model, { metadata }: Written): string {
  for (const { kind, metadata: of, spec } of model.values()) {
    if (kind === 'Team' && spec.namespaces?.includes(metadata.namespace ?? 'default') === true) return of.name;
  }
  return metadata.owner ?? 'platform';
}

/** Places as `HOST PATH`. */
function placesOf({ spec }: Written): readonly string[] {
  const path = normalizeBasePath(spec.basePath ?? '/');
  const hosts = hostsOf(spec.hosts, LOOSE);
  return (hosts.length === 0 ? ['*'] : hosts).map((host) => `${host} ${path}`);
}

function takes(place: string, request: { readonly host: string; readonly path: string }): boolean {
  const [host = '', basePath = ''] = place.split(' ');
  const alone = createApiIndex([{ name: 'x', hosts: host === '*' ? [] : [host], basePath } as unknown as Api]);
  return alone(hostOf(request.host, LOOSE) ?? '', request.path) !== undefined;
}

const requestsOf = new Map<string, readonly number[]>();

function requestsAt(place: string): readonly number[] {
  let found = requestsOf.get(place);
  if (found === undefined) {
    found = REQUESTS.flatMap((request, at) => (takes(place, request) ? [at] : []));
    requestsOf.set(place, found);
  }
  return found;
}

function meet(one: string, other: string): boolean {
  const others = new Set(requestsAt(other));
  return requestsAt(one).some((at) => others.has(at));
}

/** Whether every request of a place is among those that a guest may have. */
function isLetIn(model: Model, guest: Written, place: string, house: Written): boolean {
  const namespace = guest.metadata.namespace ?? 'default';
  return (house.spec.guests ?? []).some((each) => {
    const isNamed = each['team'] === '*' || each['team'] === teamIn(model, guest) || each['namespace'] === namespace;
    const own = each.hosts ?? house.spec.hosts ?? ['*'];
    const allowed = new Set(
      placesOf({ ...house, spec: { hosts: own, basePath: each.basePath } }).flatMap((one) => requestsAt(one)),
    );
    return isNamed && requestsAt(place).every((at) => allowed.has(at));
  });
}

/** `KEY PLACE` of what is claimed and may not be. */
function refusedIn(before: Model, after: Model): readonly string[] {
  const isClaim = (text: string, place: string): boolean => {
    const [was, is] = [before.get(text), after.get(text)];
    if (is === undefined || was === is) return false;
    return was === undefined || !placesOf(was).includes(place) || teamIn(after, was) !== teamIn(after, is);
  };
  const apis = [...after].filter(([, { kind }]) => kind === 'Api');
  const refused = new Set<string>();
  for (const [text, one] of apis) {
    for (const [otherText, other] of apis) {
      if (text === otherText || teamIn(after, one) === teamIn(after, other)) continue;
      for (const place of placesOf(one)) {
        for (const otherPlace of placesOf(other)) {
          if (!isClaim(text, place) || !meet(place, otherPlace)) continue;
          const isGuest = isLetIn(after, one, place, other);
          const isHost = isClaim(otherText, otherPlace) && isLetIn(after, other, otherPlace, one);
          if (place === otherPlace || (!isGuest && !isHost)) refused.add(`${text} ${place}`);
        }
      }
    }
  }
  return [...refused].toSorted();
}

const host = fc.constantFrom(
  '*',
  '*.example.com',
  '*.a.example.com',
  'a.example.com',
  'B.example.com',
  'a.example.com:8443',
  'other.test.',
);
const basePath = fc.constantFrom('/', '/o', '/o/', '/o/r', '/p', '/or');
const team = fc.constantFrom('red', 'blue', 'green');
const namespace = fc.constantFrom('one', 'two', 'three', 'default');
const guest = fc
  .record({
    team: fc.option(fc.oneof(team, fc.constant('*')), { nil: undefined, freq: 3 }),
    namespace,
    hosts: fc.option(fc.array(host, { minLength: 1, maxLength: 2 }), { nil: undefined }),
    basePath,
  })
  .map(({ team: named, namespace: of, hosts, basePath: path }) => {
    const whom = named === undefined ? { namespace: of } : { team: named };
    return Object.assign(whom, { basePath: path }, hosts === undefined ? {} : { hosts });
  });
const anyApi = fc
  .record({
    name: fc.constantFrom('a', 'b', 'c'),
    namespace,
    owner: fc.option(team, { nil: undefined }),
    hosts: fc.option(fc.uniqueArray(host, { minLength: 1, maxLength: 2 }), { nil: undefined, freq: 3 }),
    basePath,
    guests: fc.array(guest, { maxLength: 2 }),
  })
  .map(({ name, namespace: of, owner, hosts, ...rest }) =>
    api(name, { ...rest, hosts }, { namespace: of, ...(owner !== undefined && { owner }) }),
  );
const anyTeam = fc
  .record({ name: team, namespaces: fc.uniqueArray(fc.constantFrom('one', 'two', 'three'), { maxLength: 2 }) })
  .map(({ name, namespaces }) => document('Team', name, { namespaces }, { namespace: 'platform' }));
const anyChange = fc.record({
  of: fc.oneof({ weight: 5, arbitrary: anyApi }, { weight: 1, arbitrary: anyTeam }),
  isDeletion: fc.boolean(),
});
const anyRequests = fc.array(fc.array(anyChange, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 12 });

test('places are refused as a model does that compares every API with every other by the requests that they get', () => {
  let refusals = 0;
  let claims = 0;
  fc.assert(
    fc.property(anyRequests, (requests) => {
      const state = new State();
      for (const request of requests) {
        const after = new Map(state.documents);
        const changes = new Map<string, { key: ResourceKey; before: Resource | undefined; document: unknown }>();
        for (const { of, isDeletion } of request) {
          const key = keyOf(of) as ResourceKey;
          const text = keyText(key);
          const known = state.documents.get(text);
          if (changes.has(text) || (isDeletion && known === undefined)) continue;
          // A namespace has one team at most: the compiler refuses more.
          const to = isDeletion ? undefined : (of as unknown as Written);
          const taken = [...after.values()].some(
            ({ kind, metadata, spec }) =>
              kind === 'Team' &&
              metadata.name !== key.name &&
              spec.namespaces?.some((each) => to?.spec.namespaces?.includes(each)),
          );
          if (key.kind === 'Team' && taken) continue;
          if (to === undefined) after.delete(text);
          else after.set(text, to);
          changes.set(text, { key, before: known === undefined ? undefined : resourceOf(key, known), document: to });
        }
        const wanted = refusedIn(state.documents, after);
        const { faults, warnings } = placeFindings([...changes.values()], state.index);
        const told = new Set(faults.map(({ file, field }) => `${file} ${placeAt(after.get(file), field)}`));
        expect([...told].toSorted()).toEqual(wanted);
        expect(warnings.every(({ severity }) => severity === 'warning')).toBe(true);
        if (wanted.length > 0) refusals += 1;
        else for (const { key, document: to } of changes.values()) state.put(key, to as Written | undefined);
        claims += changes.size;
      }
    }),
    { numRuns: Number(process.env['PLACES_RUNS'] ?? 400) },
  );
  expect(refusals).toBeGreaterThan(claims / 50);
  expect(claims).toBeGreaterThan(refusals * 2);
});

function placeAt(of: Written | undefined, field: string): string {
  if (of === undefined) throw new Error('a fault of nothing');
  const at = /^spec\.hosts\[(\d+)\]$/.exec(field)?.[1];
  return placesOf(of)[at === undefined ? 0 : Number(at)] ?? field;
}
