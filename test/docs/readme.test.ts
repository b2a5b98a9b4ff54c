import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { partOrSkip } from '../real/parts.ts';
import { validateBootstrap } from '../real/envoy.ts';
import { fencedBlocks, readPage } from './pages.ts';

const envoy = await partOrSkip('envoy');
const blocks = fencedBlocks(await readPage('README.md'), 'yaml').map((block) => parseAll(block));

describe.skipIf(envoy === undefined)('the filter and the cluster of the README', () => {
  const { http_filters } = blocks.find((block) => 'http_filters' in block) as { http_filters: Filter[] };
  const { clusters } = blocks.find((block) => 'clusters' in block) as { clusters: object[] };

  test('are accepted by a real Envoy', async () => {
    expect(await validateBootstrap(bootstrap(http_filters, clusters))).toBeUndefined();
  });

  test('would be refused with a mistake in them', async () => {
    const [extAuthz, router] = http_filters as [Filter, Filter];
    const mistaken = { ...extAuthz, typed_config: { ...extAuthz.typed_config, failure_mode_alow: false } };
    expect(await validateBootstrap(bootstrap([mistaken, router], clusters))).toContain('failure_mode_alow');
  });

  test('let nobody pass undecided', () => {
    expect(http_filters[0]?.typed_config).toMatchObject({
      failure_mode_allow: false,
      status_on_error: { code: 'ServiceUnavailable' },
      grpc_service: { timeout: '0.25s' },
    });
  });
});

interface Filter {
  readonly name: string;
  readonly typed_config: object;
}

function parseAll(block: string): object {
  // Documents of ours are several a block: they are another test's.
  return block.includes('\n---\n') ? {} : (parse(block) as object);
}

function bootstrap(filters: readonly Filter[], clusters: readonly object[]): object {
  const manager = {
    '@type': 'type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager',
    stat_prefix: 'readme',
    normalize_path: true,
    merge_slashes: true,
    route_config: {
      virtual_hosts: [
        { name: 'all', domains: ['*'], routes: [{ match: { prefix: '/' }, route: { cluster: 'ostiary' } }] },
      ],
    },
    http_filters: filters,
  };
  const chain = { filters: [{ name: 'envoy.filters.network.http_connection_manager', typed_config: manager }] };
  const address = { socket_address: { address: '127.0.0.1', port_value: 0 } };
  return { static_resources: { listeners: [{ name: 'in', address, filter_chains: [chain] }], clusters } };
}
