import { afterEach, beforeEach, expect, test } from 'vitest';
import type { NewPlace } from '../registry/fixture.ts';
import { api, document, openServices } from './fixture.ts';
import type { ControlServices } from './fixture.ts';

/** What APIs of several teams may take of each other's hosts and paths. */
export function sharesPlaces(newPlace: NewPlace): void {
  let services: ControlServices;
  beforeEach(async () => {
    services = await openServices(await newPlace());
    await services.apply([team('shop', 'shop'), team('returns', 'returns', 'returns-eu')]);
  });
  afterEach(async () => {
    await services.close();
  });
  const faultsOf = async (...documents: readonly object[]): Promise<string[]> => {
    const { faults = [] } = (await services.apply(documents)) as { faults?: Record<string, string>[] };
    return faults.map(({ file, field, message }) => `${file}: ${field}: ${message}`);
  };
  const warningsOf = async (...documents: readonly object[]): Promise<string[]> => {
    const answer = (await services.apply(documents)) as { faults?: object[]; warnings?: Record<string, string>[] };
    expect(answer.faults ?? []).toEqual([]);
    return (answer.warnings ?? []).map(({ field, message }) => `${field}: ${message}`);
  };
  const orders = (spec: object = {}): object =>
    api('orders', { hosts: ['*.example.com'], basePath: '/orders', ...spec }, { namespace: 'shop' });
  const back = (spec: object, namespace = 'returns'): object => api('back', spec, { namespace });
  const REFUSED =
    'has requests in common with a place of the team shop: ask it to name the team returns under guests of its API, or choose another host or base path';

  test('another team gets no place in an API, around it or beside it, and hears no more than whom to ask', async () => {
    await faultsOf(orders());
    for (const hosts of [['*.example.com'], ['*.EXAMPLE.com:8443'], ['*.example.com.']]) {
      expect(await faultsOf(back({ hosts, basePath: '/orders/' }))).toEqual([
        'document 1: spec.hosts[0]: belongs to the team shop: choose another host or base path, or ask the team shop to leave it',
      ]);
    }
    for (const [hosts, basePath, field] of [
      [['*.example.com'], '/orders/returns', 'hosts[0]'],
      [['a.example.com'], '/', 'hosts[0]'],
      [['other.test', 'a.example.com.:443'], '/orders', 'hosts[1]'],
      [['*.eu.example.com'], '/orders/1', 'hosts[0]'],
      [undefined, '/orders', 'basePath'],
      [['*'], '/', 'hosts[0]'],
    ] as const) {
      expect(await faultsOf(back({ hosts, basePath }))).toEqual([`document 1: spec.${field}: ${REFUSED}`]);
    }
    expect(
      await faultsOf(back({ hosts: ['back.test'], basePath: '/', publicUrl: 'https://a.example.com/orders' })),
    ).toEqual([`document 1: spec.publicUrl: ${REFUSED}`]);
    // Beside it there is room, and where the same team is.
    expect(await faultsOf(back({ hosts: ['a.example.com'], basePath: '/orders-back' }))).toEqual([]);
    expect(
      await faultsOf(api('own', { hosts: ['example.com'], basePath: '/orders' }, { namespace: 'returns-eu' })),
    ).toEqual([]);
    expect(
      await faultsOf(api('more', { hosts: ['a.example.com'], basePath: '/orders/1' }, { namespace: 'shop' })),
    ).toEqual([]);
  });

  test('Diff tells it too, and Apply refuses all of a request', async () => {
    await faultsOf(orders());
    const documents = [{ document: back({ hosts: ['a.example.com'], basePath: '/orders' }) }];
    expect(await services.ask('ResourceService/Diff', { documents })).toMatchObject({ faults: [{ message: REFUSED }] });
    const free = api('free', { hosts: ['free.test'] }, { namespace: 'returns' });
    expect(await faultsOf(free, documents[0]?.document ?? {})).toHaveLength(1);
    expect(
      await services.ask('ResourceService/Get', { kind: 'Api', namespace: 'returns', name: 'free' }),
    ).toMatchObject({
      status: 404,
    });
  });

  test('the owner lets a team or a namespace in, where it says and nowhere else', async () => {
    await faultsOf(orders({ guests: [{ team: 'returns', basePath: '/orders/returns' }] }));
    expect(await faultsOf(back({ hosts: ['a.example.com'], basePath: '/orders/returns' }))).toEqual([]);
    expect(await faultsOf(back({ hosts: ['a.example.com'], basePath: '/orders/returns/1' }, 'returns-eu'))).toEqual([]);
    expect(await faultsOf(back({ hosts: ['a.example.com'], basePath: '/orders/returned' }))).toEqual([
      `document 1: spec.hosts[0]: ${REFUSED}`,
    ]);
    expect(await faultsOf(back({ hosts: undefined, basePath: '/orders/returns' }))).toEqual([
      `document 1: spec.basePath: ${REFUSED}`,
    ]);
    // Another host alone, and one namespace.
    const guests = [{ namespace: 'returns-eu', hosts: ['eu.example.com'], basePath: '/orders' }];
    await services.ask('ResourceService/Delete', {
      resources: ['returns', 'returns-eu'].map((namespace) => ({ resource: { kind: 'Api', namespace, name: 'back' } })),
    });
    expect(await faultsOf(orders({ guests }))).toEqual([]);
    expect(await faultsOf(back({ hosts: ['eu.example.com'], basePath: '/orders' }, 'returns-eu'))).toEqual([]);
    expect(await faultsOf(back({ hosts: ['a.example.com'], basePath: '/orders' }, 'returns-eu'))).toHaveLength(1);
    expect(await faultsOf(back({ hosts: ['eu.example.com'], basePath: '/orders/2' }))).toHaveLength(1);
  });

  test('a leave that ends takes nothing away, lets nobody take more, and both sides are told', async () => {
    const place = { hosts: ['a.example.com'], basePath: '/orders/returns' };
    await faultsOf(orders({ guests: [{ team: 'returns', basePath: '/orders/returns' }] }), back(place));
    const ended = (name: string): string =>
      `spec.hosts[0]: has requests in common with a place of the team ${name}, and neither lets the other in: what is here stays; name the team under guests of one, or move one`;
    expect(await warningsOf(orders())).toContain(ended('returns'));
    expect(await warningsOf(back({ ...place, tiers: [], policies: [] }))).toContain(ended('shop'));
    expect(await faultsOf(back({ ...place, basePath: '/orders/returns/new' }))).toHaveLength(1);
    // What it leaves, it does not get back.
    expect(await faultsOf(back({ hosts: ['back.test'] }))).toEqual([]);
    expect(await faultsOf(back(place))).toHaveLength(1);
  });

  test('teams that change take nothing away, and an owner that metadata names is another team', async () => {
    const [one, two] = [
      api('one', { hosts: ['x.test'] }, { namespace: 'shop' }),
      api('two', { hosts: ['x.test'], basePath: '/two' }, { namespace: 'shop-eu', owner: 'returns' }),
    ];
    expect(await faultsOf(team('shop', 'shop', 'shop-eu'), one, two)).toEqual([]);
    // The namespace belongs to shop, whatever its metadata says; then to nobody.
    expect(await warningsOf(team('shop', 'shop'))).toEqual([
      'spec.namespaces: the API shop-eu/two has requests in common with an API that is now of another team, and neither lets the other in: name the team under guests of one, or move one',
    ]);
    expect(
      await faultsOf(api('two', { hosts: ['x.test'], basePath: '/two' }, { namespace: 'shop-eu', owner: 'third' })),
    ).toEqual([expect.stringContaining('with a place of the team shop: ask it to name the team third under guests')]);
    expect(await faultsOf(api('three', { hosts: ['x.test'], basePath: '/3' }))).toEqual([
      expect.stringContaining('name the team platform under guests') as string,
    ]);
  });

  test('two that come at once need a leave of one of them, and what applies to an empty database is what was exported', async () => {
    const [house, guest] = [
      orders({ guests: [{ team: 'returns', basePath: '/orders/returns' }] }),
      back({ hosts: ['a.example.com'], basePath: '/orders/returns' }),
    ];
    expect(await faultsOf(guest, orders())).toEqual([
      `document 1: spec.hosts[0]: ${REFUSED}`,
      expect.stringMatching(/^document 2: .*a place of the team returns: ask it to name the team shop/) as string,
    ]);
    expect(await faultsOf(guest, house)).toEqual([]);
  });

  test('guests that can not be are refused, and those that are let in nowhere are told', async () => {
    const guest = (of: object): Promise<string[]> => faultsOf(orders({ guests: [of] }));
    expect(await guest({ basePath: '/orders' })).toEqual([
      'document 1: spec.guests[0]: expected either a team or a namespace',
    ]);
    expect(await guest({ team: 'a', namespace: 'b', basePath: '/orders' })).toEqual([
      'document 1: spec.guests[0]: expected either a team or a namespace',
    ]);
    expect(await guest({ team: 'a b', basePath: '/' })).toEqual([
      expect.stringContaining('spec.guests[0].team: expected a name') as string,
    ]);
    expect(await guest({ team: 'returns' })).toEqual([expect.stringContaining('spec.guests[0].basePath: is missing')]);
    expect(await warningsOf(orders({ guests: [{ team: '*', basePath: '/payments' }] }))).toContain(
      'spec.guests[0]: lets nobody in: this API has no requests there',
    );
    expect(await warningsOf(orders({ guests: [{ team: 'retruns', basePath: '/orders/1' }] }))).toContain(
      'spec.guests[0].team: there is no Team of this name in the namespace platform',
    );
  });
}

function team(name: string, ...namespaces: readonly string[]): object {
  return document('Team', name, { namespaces }, { namespace: 'platform' });
}
