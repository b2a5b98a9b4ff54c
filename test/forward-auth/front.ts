import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { parseArgs } from 'node:util';
import { fencedBlocks, readPage } from '../docs/pages.ts';
import { api, client, contract, documentsFolder } from '../e2e/documents.ts';
import { startOstiary } from '../real/ostiary.ts';
import type { RealOstiary } from '../real/ostiary.ts';
import { freePort } from '../real/scratch.ts';

/** A real proxy, configured as its page says, in front of an upstream that answers with the request as it arrived. */
export interface Front {
  /** Where the proxy listens. */
  readonly port: number;
  readonly ostiary: RealOstiary;
  /** How many requests have reached the upstream. */
  reached(): number;
  stop(): Promise<void>;
}

/** Where the pages say that proxy, upstream and ostiary listen. */
const PLACES = { proxy: '127.0.0.1:8080', upstream: '127.0.0.1:3000', ostiary: '127.0.0.1:9193' } as const;

export interface Ports {
  readonly proxy: number;
  readonly upstream: number;
  readonly ostiary: number;
}

interface Stoppable {
  stop(): Promise<void>;
}

/**
 * @param page whose block of `sh` says how ostiary is started
 * @param start starts the proxy; `block` gives the page's block of a language, with the test's ports
 */
export async function startFront(
  page: string,
  start: (block: (language: string, number?: number) => string, ports: Ports) => Promise<Stoppable>,
): Promise<Front> {
  const text = await readPage(page);
  const upstream = await startEcho();
  const ports = { proxy: await freePort(), upstream: upstream.port, ostiary: await freePort() };
  const placed = (block: string): string => {
    for (const [who, place] of Object.entries(PLACES)) {
      const [host = '', port = ''] = place.split(':');
      const here = String(ports[who as keyof Ports]);
      block = block.replaceAll(place, `${host}:${here}`).replaceAll(`port_value: ${port}`, `port_value: ${here}`);
      block = block.replaceAll(new RegExp(`(?<![\\w.]):${port}\\b`, 'g'), `:${here}`);
    }
    return block;
  };
  const block = (language: string, number = 0): string => {
    const found = fencedBlocks(text, language)[number];
    if (found === undefined) throw new Error(`${page} has no block ${number} of ${language}`);
    return placed(found);
  };
  const args = flagsOf(block('sh'));
  const ostiary = await startOstiary({ policies: documentsFolder(documents), args });
  const proxy = await start(block, ports);
  return {
    port: ports.proxy,
    ostiary,
    reached: upstream.reached,
    async stop() {
      await Promise.all([proxy.stop(), ostiary.stop(), upstream.close()]);
    },
  };
}

/** The flags of the page's `ostiary serve`, but its folder. */
function flagsOf(command: string): readonly string[] {
  const words = command.replaceAll('\\\n', ' ').trim().split(/\s+/);
  if (words[0] !== 'ostiary' || words[1] !== 'serve') throw new Error(`not how ostiary is started: ${command}`);
  const { tokens } = parseArgs({ args: words.slice(2), strict: false, tokens: true });
  const at = tokens.findIndex((token) => token.kind === 'option' && token.name === 'policies');
  return at < 0 ? words.slice(2) : words.toSpliced(2 + at * 2, 2).slice(2);
}

async function startEcho() {
  let reached = 0;
  const server = createServer((request, response) => {
    reached += 1;
    const headers = Object.entries(request.headersDistinct).map(([name, values]) => [name, values?.join(',') ?? '']);
    response.setHeader('content-type', 'application/json');
    request.resume().once('end', () => {
      response.end(JSON.stringify({ method: request.method, path: request.url, headers: Object.fromEntries(headers) }));
    });
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    reached: () => reached,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const CREDENTIALS_NEEDED = { policyRef: { name: 'client-id-enforcement' } };

const documents = [
  api('orders', {
    tiers: [{ name: 'bronze', limits: [{ maximumRequests: 2, timePeriodInMilliseconds: 60_000 }] }],
    policies: [CREDENTIALS_NEEDED, { policyRef: { name: 'rate-limiting-sla' }, config: { exposeHeaders: true } }],
  }),
  api('open'),
  api('closed', { policies: [CREDENTIALS_NEEDED] }),
  api('ruled', { policies: [{ ...CREDENTIALS_NEEDED, rules: [{ path: '/admin(/.*)?' }] }] }),
  // Of another host: whoever can say another host than the proxy sees gets in without credentials.
  api('elsewhere', { basePath: '/closed', hosts: ['elsewhere.example'] }),
  api('near', { policies: [{ policyRef: { name: 'ip-allowlist' }, config: { ips: ['127.0.0.1'] } }] }),
  api('far', { policies: [{ policyRef: { name: 'ip-allowlist' }, config: { ips: ['192.0.2.0/24'] } }] }),
  api('plain', {
    policies: [{ policyRef: { name: 'authorization' }, config: { rules: [{ allow: "request.scheme == 'http'" }] } }],
  }),
  api('scripts', {
    policies: [
      {
        policyRef: { name: 'cors' },
        config: { originGroups: [{ origins: ['https://shop.example.com'], allowedMethods: ['GET', 'POST'] }] },
      },
      CREDENTIALS_NEEDED,
    ],
  }),
  client('bronze'),
  client('gold'),
  contract('bronze', 'orders', 'bronze'),
  contract('gold', 'closed'),
  contract('gold', 'ruled'),
  contract('gold', 'scripts'),
];
