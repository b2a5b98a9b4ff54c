import type { Scene } from './scene.ts';

const BRONZE = { client_id: 'bronze-sample', client_secret: 'sample-secret-of-bronze' };
const GOLD = { client_id: 'gold-sample', client_secret: 'sample-secret-of-gold' };

/** The published sample token of `policies/4-reports.yaml`. */
const TOKEN =
  'eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJzYW1wbGUtY2FsbGVyIiwic2NvcGUiOiJyZXBvcnRzLnJlYWQiLCJpc3MiOiJodHRwczovL2lzc3Vlci5leGFtcGxlLmNvbSIsImF1ZCI6InJlcG9ydHMifQ.9sdVgLiUMaZ24jtKOQ5blqRvBCDAxVbIwi3a8PJFrjX9y0YD98SrW5gCIBp0RW-ofbLLP59PBYhOwpQpVKvDfg';

/** What the demo shows of the documents in `policies/`, in this order. */
export const SCENES: readonly Scene[] = [
  {
    because: 'The API hello is open to everybody',
    path: '/hello',
    headers: {},
    status: 200,
    shows: 'x-ratelimit-limit: 60',
  },
  {
    because: 'The API orders is for known clients',
    path: '/orders/1',
    headers: {},
    status: 401,
    shows: 'www-authenticate: Client-ID-Enforcement',
  },
  {
    because: 'A wrong secret is answered like none',
    path: '/orders/1',
    headers: { ...BRONZE, client_secret: 'guessed' },
    status: 401,
    shows: 'www-authenticate: Client-ID-Enforcement',
  },
  {
    because: 'A client with a contract passes, and the upstream learns who it is, whatever the client claims',
    path: '/orders/1',
    headers: { ...BRONZE, 'x-ostiary-tier': 'platinum' },
    status: 200,
    shows: '"x-ostiary-tier": "bronze"',
  },
  {
    because: 'The bronze tier is spent after five requests in ten seconds',
    path: '/orders/1',
    headers: BRONZE,
    times: 6,
    status: 429,
    shows: 'retry-after: ',
  },
  {
    because: 'The gold tier is not',
    path: '/orders/1',
    headers: GOLD,
    status: 200,
    shows: '"x-ostiary-client-name": "gold-client"',
  },
  {
    because: 'Spelling a path differently opens no door',
    path: '/hello/..//orders/1',
    headers: {},
    status: 401,
    shows: 'www-authenticate: Client-ID-Enforcement',
  },
  {
    because: 'The API reports is for callers with a token',
    path: '/reports/2026',
    headers: {},
    status: 401,
    shows: 'www-authenticate: Bearer',
  },
  {
    because: 'A token of the issuer is enough, and the upstream learns its subject',
    path: '/reports/2026',
    headers: { authorization: `Bearer ${TOKEN}` },
    status: 200,
    shows: '"x-caller": "sample-caller"',
  },
  {
    because: 'What no API is for is refused',
    path: '/nowhere',
    headers: {},
    status: 403,
    shows: '"error"',
  },
];
