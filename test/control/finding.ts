import { afterEach, beforeEach, expect, test } from 'vitest';
import type { NewPlace } from '../registry/fixture.ts';
import { api, document, openServices } from './fixture.ts';
import type { ControlServices } from './fixture.ts';

/** What a catalog tells, and names that nothing has, whatever the database. */
export function findsResources(newPlace: NewPlace): void {
  let services: ControlServices;
  beforeEach(async () => {
    services = await openServices(await newPlace());
  });
  afterEach(async () => {
    await services.close();
  });
  const names = async (request: object): Promise<string[]> => {
    const { resources = [] } = (await services.ask('ResourceService/List', request)) as {
      resources?: { name: string }[];
    };
    return resources.map(({ name }) => name);
  };

  test('APIs are found by what a catalog tells of them, and who names a team that is not there is warned', async () => {
    const catalog = { asset: 'orders', version: 'v2', lifecycle: 'draft', visibility: 'private', owner: 'shop' };
    const warned = await services.apply([api('orders-v2', {}, { ...catalog, specification: 'text' }), api('pets')]);
    const warning = { document: 0, file: 'document 1', severity: 'warning' };
    expect(warned['warnings']).toEqual([
      { ...warning, field: 'metadata.owner', message: 'there is no Team of this name in the namespace platform' },
      { ...warning, field: 'metadata.specification', message: 'there is no Specification of this name' },
    ]);
    const team = document('Team', 'shop', { namespaces: ['shop'] }, { namespace: 'platform' });
    const text = document('Specification', 'text', { format: 'openapi', text: 'openapi: 3.1.0' });
    const fields = ['metadata', 'spec.hosts'];
    expect(
      await services.apply([team, text, api('orders-v2', { basePath: '/v2' }, { ...catalog, specification: 'text' })]),
    ).not.toHaveProperty('warnings');
    for (const [field, value] of Object.entries(catalog)) {
      expect(await names({ kinds: ['Api'], where: { [`metadata.${field}`]: value }, fields })).toEqual(['orders-v2']);
    }
    for (const [unfit, why] of [
      ['asyncapi: 3.0.0', /^is not an OpenAPI document: expected an OpenAPI document/],
      ['openapi: 3.1.0\na: [', /^is not an OpenAPI document, line 2: /],
    ] as const) {
      expect(
        await services.apply([document('Specification', 'text', { format: 'openapi', text: unfit })]),
      ).toMatchObject({
        warnings: [{ field: 'spec.text', message: expect.stringMatching(why) as string }],
      });
    }
    const other = document('Team', 'other', { namespaces: ['shop'] }, { namespace: 'platform' });
    expect(await services.apply([other])).toMatchObject({
      faults: [{ field: 'spec.namespaces[0]', message: 'another team owns this namespace: Team platform/shop' }],
    });
  });

  test('a page ends before it is too large, and the next one goes on', async () => {
    const text = 'x'.repeat(1024 * 1024 - 1);
    const specifications = Array.from({ length: 20 }, (_, at) => {
      return document('Specification', `s${10 + at}`, { format: 'other', text });
    });
    for (let from = 0; from < 20; from += 5) await services.apply(specifications.slice(from, from + 5));
    const found: string[] = [];
    const sizes: number[] = [];
    for (let pageToken = ''; ;) {
      const page = (await services.ask('ResourceService/List', { pageSize: 1000, pageToken })) as {
        resources: { name: string }[];
        nextPageToken?: string;
        total: number;
      };
      expect(page.total).toBe(20);
      sizes.push(page.resources.length);
      found.push(...page.resources.map(({ name }) => name));
      if (page.nextPageToken === undefined) break;
      pageToken = page.nextPageToken;
    }
    expect(sizes).toEqual([15, 5]);
    expect(found).toEqual(specifications.map(({ metadata }) => metadata.name));
  });

  test('names that no database holds are names of nothing', async () => {
    for (const name of ['a\u0000b', 'a\nb', '../..', 'x'.repeat(100_000)]) {
      expect(await services.ask('ResourceService/Get', { kind: 'Api', name })).toMatchObject({ status: 404 });
      expect(await services.ask('ResourceService/Get', { kind: name, name: 'a' })).toMatchObject({ status: 404 });
      const resources = [{ resource: { kind: 'Api', name } }];
      expect(await services.ask('ResourceService/Delete', { resources })).toMatchObject({ status: 404 });
      expect(await services.ask('AuditService/ListChanges', { name })).toEqual({});
      expect(await names({ namespaces: [name], search: name })).toEqual([]);
    }
  });
}
