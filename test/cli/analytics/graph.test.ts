import { create } from '@bufbuild/protobuf';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { GraphNode_Kind as Kind, GraphResponseSchema } from '../../../gen/ostiary/v1/analytics_pb.js';
import type { GraphResponse } from '../../../gen/ostiary/v1/analytics_pb.js';
import { toDot } from '../../../src/cli/analytics/graph-dot.ts';
import { toMermaid } from '../../../src/cli/analytics/graph-mermaid.ts';
import { shown } from '../../../src/cli/analytics/shown.ts';
import { analyticsApis } from '../../operator/analytics-fixture.ts';
import { runMain } from '../run-main.ts';

const HOSTILE = [
  'till "north" \\N',
  '</title><script>alert(1)</script>',
  '`**md**` end]) --> x["y"]',
  'a;b|c{d}',
  'subgraph\nn1 -> n2',
  '%%{init: {}}%%',
  '#quot;',
  '1. one',
  '- two',
];
const anyName = fc.oneof(fc.constantFrom(...HOSTILE), fc.string({ unit: 'binary', minLength: 1 }));

/** A client of each name, which calls one API under a tier of that name. */
function graphOf(names: readonly string[]): GraphResponse {
  return create(GraphResponseSchema, {
    nodes: [
      { id: 'api:x', kind: Kind.API, name: 'x' },
      ...names.map((name) => ({ id: `client:${name}`, kind: Kind.CLIENT, name })),
    ],
    edges: names.map((name) => ({
      from: `client:${name}`,
      to: 'api:x',
      usage: { count: 5n },
      rate: 1,
      contracts: [{ name: 'c', tier: name, limits: [] }],
    })),
  });
}

/** The labels of nodes and of edges, as Graphviz reads them. */
function dotLabels(line: string): string | undefined {
  const label = /^ {2}n\d+(?: -> n\d+)? \[label="((?:[^"\\]|\\.)*)", [\w="#,. ]+\];$/u.exec(line)?.[1];
  return label?.replace(/\\(.)/gu, (_, escaped: string) => (escaped === 'n' ? '\n' : escaped));
}

function mermaidLabels(line: string): string | undefined {
  const label = /^ {2}(?:n\d+(?:\(\[|\[\[)"([^"]*)"(?:\]\)|\]\])|n\d+ -->\|"([^"]*)"\| n\d+)$/u.exec(line);
  const text = label?.[1] ?? label?.[2];
  return text?.replaceAll('<br/>', '\n').replace(/#(\d+);/g, (_, code: string) => String.fromCodePoint(Number(code)));
}

describe.each([
  ['DOT', toDot, dotLabels, 4, 1],
  ['Mermaid', toMermaid, mermaidLabels, 1, 0],
] as const)('a graph in %s', (_, draw, labelOf, head, foot) => {
  it('has a line for each node and edge, whatever they are called', () => {
    fc.assert(
      fc.property(fc.uniqueArray(anyName, { maxLength: 5 }), (names) => {
        const lines = draw(graphOf(names)).trimEnd().split('\n');
        const labels = lines.slice(head, lines.length - foot).map(labelOf);
        expect(labels).toEqual(['x\nAPI', ...names.map(shown), ...names.map((name) => `5 (1/s)\n${shown(name)}`)]);
      }),
    );
  });
});

describe('ostiary analytics graph', () => {
  const serve = analyticsApis();

  async function run(...argv: string[]): Promise<string> {
    const { url, tokenFile } = await serve();
    const { code, stdout } = await runMain([
      'analytics',
      'graph',
      ...argv,
      '--api-address',
      url,
      '--api-token-file',
      tokenFile,
    ]);
    expect(code).toBe(0);
    return stdout;
  }

  it('draws what fails and what is refused in colours of their own', async () => {
    const dot = await run('-o', 'dot');
    expect(dot).toContain('[label="90 (0.025/s)\\np95 33.4 ms, 33.33 % denied\\ngold: 3 in 1 min", color="#b7791f"');
    expect(dot).toContain('p95 1.07 s, 20.00 % errors\\nsilver", color="#c53030"');
    expect(await run('-o', 'mermaid')).toMatch(/ {2}linkStyle 0,?\d* stroke:#b7791f\n {2}linkStyle 1/);
  });

  it('prints edges with their rate, their quota, and how complete it is', async () => {
    const lines = (await run()).split('\n').map((line) => line.split(/ {2,}/));
    expect(lines[2]).toEqual(['shop', '→ orders', '90', '0.025', '0', '30 (33 %)', '33.4 ms', 'gold: 3 in 1 min']);
    expect(lines.at(-2)).toEqual(['100.00 % of 105 decisions reported']);
  });

  it('-o json has nodes and edges by name', async () => {
    const { nodes, edges } = JSON.parse(await run('-o', 'json', '--limit', '1'));
    expect(nodes[0]).toEqual({ id: 'client:shop', kind: 'client', name: 'shop' });
    const limits = [{ name: 'burst', maximumRequests: 3, timePeriodInMilliseconds: 60_000 }];
    expect(edges[0]).toMatchObject({
      from: 'client:shop',
      to: 'api:orders',
      count: 90,
      denials: 30,
      contracts: [{ name: 'shop-orders', tier: 'gold', limits, quotaDenials: 30 }],
    });
  });

  it('-o csv has a line for each edge; what is near a node, and what fails, can be asked for', async () => {
    const [head, first, ...rest] = (await run('-o', 'csv', '--around', 'client:shop')).trimEnd().split('\r\n');
    expect(head).toMatch(/^from_kind,from,to_kind,to,rate_per_second,count,errors,denials,.*,contracts,quota_denials$/);
    expect(first).toMatch(/^client,shop,api,orders,0\.025,90,0,30,.*,gold: 3 in 1 min,30$/);
    expect(rest).toEqual([]);
    expect(await run('--errors-only')).toMatch(/till/);
    expect(await run('--errors-only', '--min-rate', '1')).not.toMatch(/till/);
  });
});
