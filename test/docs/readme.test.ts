import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { send } from '../e2e/request.ts';
import { startEnvoy, validateBootstrap } from '../real/envoy.ts';
import type { RealEnvoy } from '../real/envoy.ts';
import { startOstiary } from '../real/ostiary.ts';
import type { RealOstiary } from '../real/ostiary.ts';
import product from '../../package.json' with { type: 'json' };
import { runMain } from '../cli/run-main.ts';
import { partOrSkip } from '../real/parts.ts';
import { scratchFolder } from '../real/scratch.ts';
import { fencedBlocks, readPage } from './pages.ts';

const envoyProgram = await partOrSkip('envoy');
const blocks = fencedBlocks(await readPage('README.md'), 'yaml');

describe.skipIf(envoyProgram === undefined)('who follows the README by the letter', () => {
  const { http_filters } = parse(blockWith('http_filters:')) as { http_filters: Filter[] };
  const { clusters } = parse(blockWith('clusters:')) as { clusters: object[] };
  let ostiary: RealOstiary;
  let envoy: RealEnvoy;

  beforeAll(async () => {
    const folder = scratchFolder('readme');
    writeFileSync(join(folder, 'orders.yaml'), blockWith('kind: Contract'));
    ostiary = await startOstiary({ policies: folder, env: { WEB_SHOP_SECRET: 'kept-in-the-environment' } });
    envoy = await startEnvoy(bootstrap(http_filters, clusters, Number(ostiary.listen.split(':')[1])));
  });
  afterAll(async () => {
    await Promise.all([envoy?.stop(), ostiary?.stop()]);
  });

  test.each([
    ['without credentials', '/orders/17', {}, 401],
    ['with a wrong secret', '/orders/17', { client_id: '0f9d1f3e5d8c4a2b', client_secret: 'guessed' }, 401],
    ['with the secret', '/orders/17', { client_id: '0f9d1f3e5d8c4a2b', client_secret: 'kept-in-the-environment' }, 200],
    ['to a path that no API names', '/nowhere', {}, 403],
    ['to a host that no API names', '/orders/17', { host: 'other.example.com' }, 403],
  ])('sees that a request %s is answered as it says', async (_case, path, headers, status) => {
    const answer = await send(envoy.port('in'), path, { headers: { host: 'orders.example.com', ...headers } });
    expect(answer.status).toBe(status);
  });

  test('sees 503 for everybody while ostiary is away, so that nobody passes undecided', async () => {
    ostiary.pause();
    const answer = await send(envoy.port('in'), '/orders/17', { headers: { host: 'orders.example.com' } });
    ostiary.resume();
    expect(answer.status).toBe(503);
  });

  test('is told by Envoy of a mistyped field', async () => {
    const [extAuthz, router] = http_filters as [Filter, Filter];
    const mistaken = { ...extAuthz, typed_config: { ...extAuthz.typed_config, failure_mode_alow: false } };
    expect(await validateBootstrap(bootstrap([mistaken, router], clusters, 9191))).toContain('failure_mode_alow');
  });
});

test("the README's snippet is what is generated", async () => {
  const line = /ostiary -- (generate bootstrap [^`]+)`/.exec(await readPage('README.md'))?.[1] ?? '';
  const { stdout } = await runMain(line.split(' '));
  const { static_resources: generated } = parse(stdout) as Generated;
  const manager = generated.listeners[0].filter_chains[0].filters[0].typed_config;
  expect(parse(blockWith('http_filters:'))).toEqual({ http_filters: manager.http_filters });
  expect(parse(blockWith('clusters:'))).toEqual({
    clusters: generated.clusters.filter(({ name }) => name === 'ostiary'),
  });
});

test('every command of the README is one', async () => {
  const readme = await readPage('README.md');
  const scripts = Object.keys(product.scripts);
  for (const [, script = ''] of fencedBlocks(readme, 'sh')
    .join('')
    .matchAll(/npm (?:run )?([a-z]+)/g))
    if (script !== 'ci') expect(scripts).toContain(script);
  const lines = [...readme.matchAll(/`npm run -s ostiary -- ([^`]+)`/g)].map(([, line = '']) => line);
  expect(lines.length).toBeGreaterThanOrEqual(3);
  for (const line of lines) {
    const argv = [...line.matchAll(/'([^']*)'|\S+/g)].map(([word, quoted]) => quoted ?? word);
    const { code, stderr } = await runMain(argv, { WEB_SHOP_SECRET: 'kept-in-the-environment' });
    expect({ line, stderr, wrong: code === 2 }).toEqual({ line, stderr: '', wrong: false });
  }
});

interface Generated {
  readonly static_resources: {
    readonly listeners: [{ filter_chains: [{ filters: [{ typed_config: { http_filters: object[] } }] }] }];
    readonly clusters: readonly { readonly name: string }[];
  };
}

interface Filter {
  readonly name: string;
  readonly typed_config: object;
}

function blockWith(text: string): string {
  const found = blocks.find((block) => block.includes(text));
  if (found === undefined) throw new Error(`the README has no block with ${text}`);
  return found;
}

/** A listener with the README's filters before an upstream that says yes. */
function bootstrap(filters: readonly Filter[], clusters: readonly object[], ostiaryPort: number): object {
  const routes = [{ match: { prefix: '/' }, direct_response: { status: 200, body: { inline_string: 'upstream' } } }];
  const manager = {
    '@type': 'type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager',
    stat_prefix: 'readme',
    normalize_path: true,
    merge_slashes: true,
    route_config: { virtual_hosts: [{ name: 'all', domains: ['*'], routes }] },
    http_filters: filters,
  };
  const chain = { filters: [{ name: 'envoy.filters.network.http_connection_manager', typed_config: manager }] };
  const address = { socket_address: { address: '127.0.0.1', port_value: 0 } };
  const moved = JSON.parse(
    JSON.stringify(clusters)
      .replaceAll('"port_value":9191', `"port_value":${ostiaryPort}`)
      .replaceAll(/"10\.0\.0\.\d+"/g, '"127.0.0.1"'),
  ) as object[];
  return { static_resources: { listeners: [{ name: 'in', address, filter_chains: [chain] }], clusters: moved } };
}
