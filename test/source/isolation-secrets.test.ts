import { afterEach, describe, expect, it } from 'vitest';
import type { ConfigSource } from '../../src/source/documents-in-force.ts';
import { followFolder } from '../../src/source/folder-source.ts';
import { document, made, options, writeFolder } from '../document/documents.ts';
import type { Files } from '../document/documents.ts';

const open: ConfigSource[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((source) => source.close()));
});

const api = (name: string, basePath: string, text: string) =>
  document('Api', name, {
    basePath,
    policies: [{ policyRef: { name: 'gate' }, config: { text, header: `x-${name}` } }],
  });
const secret = (data: Record<string, string>) =>
  document('Secret', 's', {
    data: Object.fromEntries(Object.entries(data).map(([key, value]) => [key, { value }])),
  });

describe('a Secret that changes', () => {
  async function follow(files: Files) {
    const folder = writeFolder(files);
    const source = await followFolder({ ...options, paths: [folder] });
    open.push(source);
    return async (change: Files) => {
      const { promise, resolve } = Promise.withResolvers<void>();
      const stop = source.onChange(() => resolve());
      writeFolder(change, folder);
      await promise;
      stop();
      const { faults, held } = source.status();
      const apis = source.current().apis.map(({ name, basePath }) => `${name} ${basePath}`);
      return { apis, faults: faults.map(({ field }) => field), held: held.toSorted() };
    };
  }
  const textOf = (name: string) =>
    made
      .map((each) => each.options as { readonly header: string; readonly text: string })
      .findLast(({ header }) => header === `x-${name}`)?.text;

  it('holds back the APIs alone that can not do with it, and moves with them', async () => {
    const reload = await follow({
      's.json': secret({ key: 'one' }),
      'a.json': api('a', '/a', '${secret:s/key}'),
      'b.json': api('b', '/b', 'none'),
    });
    const held = await reload({ 's.json': secret({ other: 'two' }), 'b.json': api('b', '/new', 'none') });
    expect(held).toEqual({
      apis: ['a /a', 'b /new'],
      faults: ['spec.policies[0].config.text'],
      held: ['Api a', 'Secret s'],
    });
    // What is in force still has its value.
    expect(textOf('a')).toBe('one');
    expect(await reload({ 's.json': secret({ key: 'three' }) })).toMatchObject({ faults: [], held: [] });
    expect(textOf('a')).toBe('three');
  });
});
