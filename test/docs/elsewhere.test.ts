import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { bootstrap } from '../../src/generate/bootstrap.ts';
import { validateBootstrap } from '../real/envoy.ts';
import { partOrSkip } from '../real/parts.ts';
import { fencedBlocks, readPage } from './pages.ts';

const envoy = await partOrSkip('envoy');
const PAGE = 'docs/policies/elsewhere.md';

/** Where a block goes, as its first line says: fields of the virtual host or of the connection manager, or one more filter. */
type Place = 'virtual_host' | 'http_filter' | 'connection_manager' | 'cluster';

interface Manager {
  http_filters: object[];
  route_config: { virtual_hosts: object[] };
}

interface Bootstrap {
  static_resources: {
    listeners: { filter_chains: { filters: { typed_config: Manager }[] }[] }[];
    clusters: { name: string }[];
  };
}

function withBlock(place: Place, block: object): object {
  const whole = bootstrap({
    ostiary: { kind: 'tcp', host: '127.0.0.1', port: 9191 },
    timeoutMs: 250,
    listeners: [{ name: 'a', host: '127.0.0.1', port: 0, rawHeaders: false, normalizePath: true, api: undefined }],
    upstream: { host: '127.0.0.1', port: 8080 },
  }) as Bootstrap;
  const manager = whole.static_resources.listeners[0]?.filter_chains[0]?.filters[0]?.typed_config;
  if (manager === undefined) throw new Error('the bootstrap has no connection manager');
  if (place === 'virtual_host') Object.assign(manager.route_config.virtual_hosts[0] ?? {}, block);
  else if (place === 'cluster') {
    Object.assign(whole.static_resources.clusters.find(({ name }) => name === 'upstream') ?? {}, block);
  } else if (place === 'connection_manager') Object.assign(manager, block);
  else manager.http_filters.splice(1, 0, block);
  return whole;
}

const blocks = fencedBlocks(await readPage(PAGE), 'yaml').map((text) => {
  const [, place] = /^# envoy: (\w+)\n/.exec(text) ?? [];
  return { place: place as Place, text };
});

test.skipIf(envoy === undefined).each(blocks)('a real Envoy takes the block for $place', async ({ place, text }) => {
  expect(['virtual_host', 'http_filter', 'connection_manager', 'cluster']).toContain(place);
  expect(await validateBootstrap(withBlock(place, parse(text) as object))).toBeUndefined();
});

test.skipIf(envoy === undefined)('a real Envoy refuses a block that is wrong', async () => {
  expect(await validateBootstrap(withBlock('virtual_host', { response_headers_to_remov: ['x'] }))).toContain('remov');
});
