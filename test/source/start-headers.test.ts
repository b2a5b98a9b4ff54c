import { afterEach, describe, expect, it } from 'vitest';
import type { ConfigSource } from '../../src/source/documents-in-force.ts';
import { followFolder } from '../../src/source/folder-source.ts';
import { document, options, writeFolder } from '../document/documents.ts';
import type { Files } from '../document/documents.ts';

const GATE = { policyRef: { name: 'gate' } };
const api = (name: string, spec: object = {}, metadata: object = {}) =>
  document('Api', name, { basePath: `/${name}`, policies: [GATE], ...spec }, metadata);
const setting = (name: string, spec: object = {}) =>
  api(name, { policies: [{ ...GATE, config: { upstreamHeaders: { user: 'x-who' } } }], ...spec });

const open: ConfigSource[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((source) => source.close()));
});

async function start(files: Files): Promise<ConfigSource> {
  const source = await followFolder({ ...options, paths: [writeFolder(files)] });
  open.push(source);
  return source;
}

describe('headers that a withheld API would set for upstreams', () => {
  it('are still removed from requests to its neighbours', async () => {
    const inject = { policyRef: { name: 'nothing' }, config: { inboundHeaders: [{ key: 'x-user', value: 'a' }] } };
    const source = await start({
      'a.json': [api('orders'), api('other', {}, { namespace: 'shop' })],
      'b.json': [
        api('admin', { policies: [inject] }),
        api('read', { polices: [], policies: [{ ...GATE, config: { upstreamHeaders: { user: 'x-who' } } }] }),
      ],
    });
    const owned = (name: string) => source.current().apiNamed(name)?.identityHeaders.names;
    expect(owned('orders')).toContain('x-user');
    expect(owned('orders')).toContain('x-who');
    expect(owned('shop/other')).not.toContain('x-user');
  });

  it.each([
    [
      'a slip in their name',
      { 'b.json': api('admin', { policies: [{ ...GATE, config: { upstreamHeader: { user: 'x-who' } } }] }) },
    ],
    ['another of its name that is not read', { 'b.json': api('admin'), 'c.json': setting('admin', { until: 1 }) }],
    ['another of its name', { 'b.json': api('admin'), 'c.json': setting('admin') }],
  ])('are removed with %s', async (_, files) => {
    const source = await start({ 'a.json': api('orders'), ...files });
    expect(source.current().apiNamed('admin')?.withheld).toBeDefined();
    expect(source.current().apiNamed('orders')?.identityHeaders.names).toContain('x-who');
  });
});
