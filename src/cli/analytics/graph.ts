import { GraphNode_Kind as Kind, GraphResponseSchema } from '../../../gen/ostiary/v1/analytics_pb.js';
import type { GraphContract, GraphEdge, GraphNode, GraphResponse } from '../../../gen/ostiary/v1/analytics_pb.js';
import { ask, commonOf, printJson } from './asking.ts';
import { completenessJson, completenessLine } from './completeness.ts';
import { csv } from '../../csv.ts';
import type { Values } from './flags.ts';
import { toDot } from './graph-dot.ts';
import { toMermaid } from './graph-mermaid.ts';
import { quotaOf } from './graph-names.ts';
import { table } from './table.ts';
import type { Column } from './table.ts';
import { isoOf, NOTHING, partOf, timeLine, USAGE_FIELDS, usageFields, usageJson, valueText } from './usage.ts';
import { duration, rate, whole } from './units.ts';

/** `ostiary analytics graph`. @throws UserError */
export async function printGraph(values: Values, width: number): Promise<void> {
  const { team = '', minRate = '0', errorsOnly, around = '', steps } = values;
  const filter = { team, minRate: Number(minRate), errorsOnly, around, steps };
  const answer = await ask('Graph', { ...commonOf(values), ...filter }, GraphResponseSchema, values);
  switch (values.output) {
    case 'csv':
      process.stdout.write(toCsv(answer));
      process.stderr.write(`${completenessLine(answer.completeness, answer.edges[0]?.usage?.count)}\n`);
      break;
    case 'json':
      return printJson(toJson(answer));
    case 'dot':
      process.stdout.write(toDot(answer));
      break;
    case 'mermaid':
      process.stdout.write(toMermaid(answer));
      break;
    default:
      process.stdout.write(toText(answer, width));
  }
}

const KINDS: ReadonlyMap<Kind, string> = new Map([
  [Kind.CLIENT, 'client'],
  [Kind.API, 'api'],
  [Kind.SERVICE, 'service'],
  [Kind.WORKLOAD, 'workload'],
]);

function toJson({ since, until, nodes, edges, omitted, completeness }: GraphResponse): object {
  return {
    since: isoOf(since),
    until: isoOf(until),
    nodes: nodes.map(({ id, kind, name, team, external }) => ({
      id,
      kind: KINDS.get(kind) ?? '',
      name,
      ...(team !== '' && { team }),
      ...(external && { external }),
    })),
    edges: edges.map((edge) => ({
      from: edge.from,
      to: edge.to,
      ratePerSecond: edge.rate,
      ...usageJson(edge.usage),
      ...(edge.contracts.length > 0 && { contracts: edge.contracts.map(contractJson) }),
    })),
    omitted: Number(omitted),
    completeness: completenessJson(completeness),
  };
}

function contractJson({ name, tier, limits, count, quotaDenials }: GraphContract): object {
  return {
    name,
    tier,
    limits: limits.map((limit) => ({
      ...(limit.name !== '' && { name: limit.name }),
      maximumRequests: Number(limit.maximumRequests),
      timePeriodInMilliseconds: Number(limit.timePeriodInMilliseconds),
    })),
    count: Number(count),
    quotaDenials: Number(quotaDenials),
  };
}

/** A line for each edge. */
function toCsv({ nodes, edges }: GraphResponse): string {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const endOf = (id: string): readonly string[] => {
    const node = byId.get(id);
    return [KINDS.get(node?.kind ?? Kind.UNSPECIFIED) ?? '', node?.name ?? ''];
  };
  return csv(
    ['from_kind', 'from', 'to_kind', 'to', 'rate_per_second', ...USAGE_FIELDS, 'contracts', 'quota_denials'],
    edges.map(({ from, to, rate: perSecond, usage, contracts }) => [
      ...endOf(from),
      ...endOf(to),
      perSecond,
      ...usageFields(usage),
      contracts.map(quotaOf).join('; '),
      Number(contracts.reduce((sum, { quotaDenials }) => sum + quotaDenials, 0n)),
    ]),
  );
}

/** A table for each kind of edge, in the order of requests through the mesh. */
const KINDS_OF_EDGES: readonly (readonly [Kind, Kind])[] = [
  [Kind.CLIENT, Kind.API],
  [Kind.WORKLOAD, Kind.API],
  [Kind.API, Kind.SERVICE],
  [Kind.WORKLOAD, Kind.SERVICE],
];

function toText({ since, until, nodes, edges, omitted, completeness }: GraphResponse, width: number): string {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const tables = KINDS_OF_EDGES.flatMap(([from, to]) => {
    const found = edges.filter((edge) => byId.get(edge.from)?.kind === from && byId.get(edge.to)?.kind === to);
    return found.length === 0 ? [] : [tableOf(found, byId, width)];
  });
  const lines = [
    tables.length === 0 ? NOTHING : tables.join('\n'),
    omitted > 0n ? `${whole(omitted)} more edges, see --limit` : '',
    timeLine(since, until),
    completenessLine(completeness, edges[0]?.usage?.count),
  ];
  return `${lines.filter((line) => line !== '').join('\n')}\n`;
}

/** A table of edges between the same kinds of nodes. Empty columns are left out. */
function tableOf(edges: readonly GraphEdge[], byId: ReadonlyMap<string, GraphNode>, width: number): string {
  const [first] = edges;
  const kindOf = (id = ''): string => KINDS.get(byId.get(id)?.kind ?? Kind.UNSPECIFIED) ?? '';
  const columns: readonly Column[] = [
    { title: kindOf(first?.from) },
    { title: `→ ${kindOf(first?.to)}` },
    { title: 'requests', isNumber: true },
    { title: 'a second', isNumber: true, spare: 1 },
    { title: 'errors', isNumber: true },
    { title: 'denied', isNumber: true },
    { title: 'p95', isNumber: true },
    { title: 'quota' },
  ];
  const rows = edges.map((edge) => cellsOf(edge, byId));
  const told = columns.map(
    ({ title }, at) =>
      (title !== 'denied' && title !== 'quota') || rows.some((row) => !['', '0'].includes(row[at] ?? '')),
  );
  return table(
    columns.filter((_, at) => told[at]),
    rows.map((row) => row.filter((_, at) => told[at])),
    { width },
  );
}

function cellsOf(
  { from, to, usage, rate: perSecond, contracts }: GraphEdge,
  byId: ReadonlyMap<string, GraphNode>,
): string[] {
  const nameOf = (id: string): string => valueText(byId.get(id)?.name ?? '');
  const count = usage?.count ?? 0n;
  return [
    nameOf(from),
    `→ ${nameOf(to)}`,
    whole(count),
    rate(perSecond),
    partOf(usage?.errors ?? 0n, count),
    partOf(usage?.denials ?? 0n, count),
    usage?.durations === undefined ? '–' : duration(usage.durations.p95),
    contracts.map(quotaOf).join('; '),
  ];
}
