import { describe, expect, it } from 'vitest';
import { document, faultsOf, snapshotOf } from './documents.ts';

const client = (name: string, ...principals: unknown[]) =>
  document('ClientApplication', name, { clientId: name, principals });
const faults = async (...documents: object[]) =>
  (await faultsOf(Object.fromEntries(documents.map((content, at) => [`${at}.json`, content])))).map((fault) =>
    fault.replace(/:\d+:\d+: /g, ': ').replace(/:\d+:\d+$/, ''),
  );
const id = (name: string) => `spiffe://cluster.local/ns/${name}`;

describe('principals of client applications', () => {
  it('are found by name and by pattern; the name wins', async () => {
    const { directory } = await snapshotOf({
      'a.json': client('a', id('shop/sa/web')),
      'b.json': client('b', id('shop/**')),
    });
    expect(directory.workload(id('shop/sa/web'))?.name).toBe('a');
    expect(directory.workload(id('shop/sa/api'))?.name).toBe('b');
    expect(directory.workload(id('other'))).toBeUndefined();
  });

  it('belong to one application', async () => {
    expect(await faults(client('a', id('x'), id('y')), client('b', id('z'), id('y')))).toEqual([
      '1.json: spec.principals[1]: another client application has this principal: 0.json',
    ]);
  });

  it('may not be patterns of two applications that one workload could be of', async () => {
    const told = await faults(
      client('a', id('*/sa/web'), id('a/*')),
      client('b', id('shop/sa/*')),
      client('c', 'spiffe://other/**'),
    );
    expect(told).toEqual([
      `1.json: spec.principals[0]: a workload could be of this pattern and of ${id('*/sa/web')}, of another client application: 0.json`,
    ]);
    expect(await faults(client('a', id('*/sa/web'), id('shop/sa/*')))).toEqual([]);
  });

  it.each([
    ['twice the same', [id('x'), id('x')], 'spec.principals[1]: stands in this list already'],
    ['another form', ['cluster.local/ns/x'], 'spec.principals[0]: expected a SPIFFE id'],
    ['patterns of trust domains', ['spiffe://*/ns/x'], 'spec.principals[0]: expected a trust domain'],
    ['none', [], 'spec.principals'],
  ])('are refused: %s', async (_what, principals, told) => {
    expect((await faults(client('a', ...principals))).join('\n')).toContain(told);
  });

  it('are refused where all applications together have too many patterns', async () => {
    const clients = Array.from({ length: 11 }, (_, at) =>
      client(`c${at}`, ...Array.from({ length: 100 }, (_each, index) => id(`${at}/${index}/*`))),
    );
    expect(await faults(...clients)).toEqual([expect.stringContaining('more than 1000 patterns')]);
    expect(await faults(...clients.slice(0, 10))).toEqual([]);
  });

  it('count for the version of the documents', async () => {
    const version = async (...principals: string[]) =>
      (await snapshotOf({ 'a.json': client('a', ...principals) })).version;
    expect(await version(id('x'))).not.toBe(await version(id('y')));
  });
});
