import { describe } from 'vitest';
import { parse } from 'yaml';
import { startEnvoy } from '../real/envoy.ts';
import { partOrSkip } from '../real/parts.ts';
import { behaves } from './behaviour.ts';
import { startFront } from './front.ts';

const envoy = await partOrSkip('envoy');

describe.skipIf(envoy === undefined)('Envoy that asks over HTTP, as its page configures it', () => {
  behaves(() => startFront('docs/proxies/envoy-http.md', async (block) => startEnvoy(parse(block('yaml')) as object)), {
    preflights: true,
    removesClaims: true,
    showsRates: true,
  });
});
