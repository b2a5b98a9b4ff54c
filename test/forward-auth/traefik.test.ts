import { describe } from 'vitest';
import { parse } from 'yaml';
import { behaves } from './behaviour.ts';
import { startForwardAuth } from './forward-auth-middleware.ts';
import type { ForwardAuth } from './forward-auth-middleware.ts';
import { startFront } from './front.ts';

interface Dynamic {
  readonly http: {
    readonly middlewares: { readonly ostiary: { readonly forwardAuth: ForwardAuth } };
    readonly services: { readonly orders: { readonly loadBalancer: { readonly servers: readonly { url: string }[] } } };
  };
}

describe('what Traefik does by its documentation, as its page configures it', () => {
  behaves(
    () =>
      startFront('docs/proxies/traefik.md', async (block, { proxy }) => {
        const { middlewares, services } = (parse(block('yaml')) as Dynamic).http;
        const upstream = new URL(services.orders.loadBalancer.servers[0]?.url ?? '').host;
        return startForwardAuth(middlewares.ostiary.forwardAuth, upstream, proxy);
      }),
    { preflights: false, removesClaims: false, showsRates: false },
  );
});
