import type { GraphContractJson } from '../../../../gen/ostiary/v1/analytics_pb.js';
import { duration, percent, perSecond, period, shareOf, whole } from '../analytics/formats.ts';
import type { Kind, SceneEdge, SceneNode } from './scene.ts';

export const TEXTS = {
  title: 'Graph',
  lead: 'Who calls whom, as requests have shown it.',
  map: 'Map',
  list: 'List',
  team: 'Team',
  everyTeam: 'every team',
  minRate: 'At least',
  anyRate: 'any rate',
  errorsOnly: 'With errors only',
  edges: 'Edges of each kind',
  around: 'Around',
  steps: 'Steps',
  everything: 'Show everything',
  fit: 'Fit',
  closer: 'Closer',
  farther: 'Farther',
  save: 'Save as',
  mapLabel: 'Map of who calls whom',
  mapHelp:
    'Arrow keys go from node to node: up and down among its like, left to who calls it most, right to whom it calls most. Enter opens the node, plus and minus zoom, 0 shows all. The list has the same as a table.',
  emptyTitle: 'Nobody called anybody',
  empty: 'No request of this time meets all of these filters.',
  omitted: (count: string) => `${count} more edges with fewer requests are not drawn.`,
  drawn: (nodes: string, edges: string) => `${nodes} nodes, ${edges} edges.`,
  from: 'From',
  to: 'To',
  rate: 'Requests',
  errors: 'Errors',
  denied: 'Denied',
  contracts: 'Contracts',
  close: 'Close',
  calls: 'Calls',
  calledBy: 'Called by',
  analytics: 'Analytics of it',
  samples: 'Sampled requests',
  neighbours: 'Only what is near',
  elsewhere: 'not of the mesh',
  nothingChosen: 'Choose a node or an edge to see what is known of it.',
  noClient: 'no client application',
  quota: (share: string) => `${share} of the limit on average`,
  refused: (count: string) => `${count} refused since the quota was spent`,
  unlimited: 'unlimited',
  more: (count: string) => `and ${count} more, see the list`,
  legend: { good: 'works', denied: '5 % refused or more', failing: '1 % errors or more' },
} as const;

export const KINDS: Readonly<Record<Kind, string>> = {
  client: 'Client',
  api: 'API',
  service: 'Service',
  workload: 'Workload',
};

export const LAYERS: readonly string[] = ['Callers', 'APIs', 'Services', 'Elsewhere'];

export function nameOf({ kind, name }: Pick<SceneNode, 'kind' | 'name'>): string {
  if (name === '' && kind === 'client') return TEXTS.noClient;
  return name;
}

/** As short as may be: of Istio's clusters the host, of a SPIFFE id what comes last. */
export function shortNameOf(node: Pick<SceneNode, 'kind' | 'name'>): string {
  const { kind, name } = node;
  if (kind === 'service') return /^outbound\|\d*\|[^|]*\|(.+?)(?:\.svc\.cluster\.local)?$/.exec(name)?.[1] ?? name;
  if (kind === 'workload')
    return /^spiffe:\/\/[^/]+\/(?:ns\/([^/]+)\/sa\/(.+))$/.exec(name)?.slice(1).join('/') ?? name;
  return nameOf(node);
}

/** `20.3/s, 0.52% errors, 1.84% denied`. */
export function edgeText({ rate, count, errors, denials, contracts }: SceneEdge, seconds: number): string {
  const used = contracts.map((contract) => useOf(contract, seconds).share).filter((share) => share !== undefined);
  const parts = [
    perSecond(rate),
    errors > 0 && `${percent(shareOf(errors, count))} errors`,
    denials > 0 && `${percent(shareOf(denials, count))} denied`,
    used.length > 0 && `${percent(Math.max(...used))} of quota`,
  ];
  return parts.filter((part) => part !== false).join(', ');
}

/** A contract against the limits of its tier. */
export interface Use {
  readonly limits: string;
  /** Of the tightest limit, on average; undefined: there is none. */
  readonly share: number | undefined;
}

export function useOf({ limits = [], count }: GraphContractJson, seconds: number): Use {
  const each = limits.map(({ maximumRequests, timePeriodInMilliseconds }) => {
    const [most, lengthS] = [Number(maximumRequests ?? 0), Number(timePeriodInMilliseconds ?? 1000) / 1000];
    return { rate: most / lengthS, text: `${whole(most)} a ${period(lengthS).replace(/^1 /, '')}` };
  });
  const allowed = Math.min(...each.map(({ rate }) => rate));
  const share = each.length === 0 || allowed === 0 ? undefined : Number(count ?? 0) / seconds / allowed;
  return { limits: each.length === 0 ? TEXTS.unlimited : each.map(({ text }) => text).join(', '), share };
}

export function contractText(contract: GraphContractJson, seconds: number): string {
  const { name = '', tier = '' } = contract;
  const { limits, share } = useOf(contract, seconds);
  return `${tier === '' ? name : tier}: ${limits}${share === undefined ? '' : ` (${percent(share)})`}`;
}

/** What a screen reader tells of a node. */
export function spoken(node: SceneNode): string {
  const { kind, incoming, outgoing, team } = node;
  const sum = (edges: readonly SceneEdge[]): number => edges.reduce((all, { rate }) => all + rate, 0);
  return [
    `${KINDS[kind]} ${nameOf(node)}`,
    team !== '' && `team ${team}`,
    incoming.length > 0 && `called by ${incoming.length}, ${perSecond(sum(incoming))}`,
    outgoing.length > 0 && `calls ${outgoing.length}, ${perSecond(sum(outgoing))}`,
    [...incoming, ...outgoing].some(({ tone }) => tone === 'failing') && 'with errors',
  ]
    .filter((part) => part !== false)
    .join('; ');
}

export { duration, percent, perSecond, shareOf, whole };
