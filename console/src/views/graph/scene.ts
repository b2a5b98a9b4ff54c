import type {
  GraphContractJson,
  GraphEdgeJson,
  GraphNodeJson,
  GraphResponseJson,
} from '../../../../gen/ostiary/v1/analytics_pb.js';

/** What a drawing of the graph is made of, in its own units: pixels at scale 1. */
export interface Scene {
  readonly nodes: readonly SceneNode[];
  readonly edges: readonly SceneEdge[];
  readonly byId: ReadonlyMap<string, SceneNode>;
  readonly layers: readonly Layer[];
  readonly width: number;
  readonly height: number;
}

export type Kind = 'client' | 'api' | 'service' | 'workload';

export interface SceneNode {
  readonly id: string;
  readonly kind: Kind;
  readonly name: string;
  readonly team: string;
  readonly isElsewhere: boolean;
  readonly layer: number;
  readonly x: number;
  readonly y: number;
  /** Of edges to it, and from it. */
  readonly incoming: SceneEdge[];
  readonly outgoing: SceneEdge[];
}

/** `failing`: one request in a hundred has an error, or more. `denied`: one in twenty was refused. */
export type Tone = 'good' | 'denied' | 'failing';

export interface SceneEdge {
  readonly id: string;
  readonly from: SceneNode;
  readonly to: SceneNode;
  readonly tone: Tone;
  readonly count: number;
  readonly errors: number;
  readonly denials: number;
  /** Requests a second. */
  readonly rate: number;
  /** Milliseconds; undefined: not known. */
  readonly p95: number | undefined;
  readonly contracts: readonly GraphContractJson[];
  /** How thick it is: 1, 2 or 3. */
  readonly weight: number;
}

/** Nodes of one kind, from the left. */
export interface Layer {
  readonly layer: number;
  readonly x: number;
}

export const NODE_WIDTH = 184;
export const NODE_HEIGHT = 26;
const COLUMN = 228;
const ROW = 34;
/** Above the first row stand the names of the layers. */
const TOP = 44;
const MARGIN = 16;
const FAILING = 0.01;
const DENIED = 0.05;

export function sceneOf(answer: GraphResponseJson): Scene {
  const nodes = (answer.nodes ?? []).map(nodeOf);
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const edges = (answer.edges ?? []).flatMap((edge) => {
    const [from, to] = [byId.get(edge.from ?? ''), byId.get(edge.to ?? '')];
    if (from === undefined || to === undefined) return [];
    const made = edgeOf(edge, from, to);
    from.outgoing.push(made);
    to.incoming.push(made);
    return [made];
  });
  const layers = new Map<number, number>();
  for (const { layer, x } of nodes) layers.set(layer, Math.min(x, layers.get(layer) ?? Infinity));
  return {
    nodes,
    edges,
    byId,
    layers: [...layers].toSorted(([a], [b]) => a - b).map(([layer, x]) => ({ layer, x })),
    width: nodes.reduce((most, { x }) => Math.max(most, x + NODE_WIDTH), 0) + MARGIN,
    height: nodes.reduce((most, { y }) => Math.max(most, y + NODE_HEIGHT), 0) + MARGIN,
  };
}

function nodeOf({ id = '', kind, name = '', team = '', external = false, place }: GraphNodeJson): SceneNode {
  return {
    id,
    kind: kindOf(kind),
    name,
    team,
    isElsewhere: external,
    layer: place?.layer ?? 0,
    x: MARGIN + Number(place?.x ?? 0) * COLUMN,
    y: TOP + Number(place?.y ?? 0) * ROW,
    incoming: [],
    outgoing: [],
  };
}

function kindOf(kind: GraphNodeJson['kind']): Kind {
  switch (kind) {
    case 'KIND_CLIENT':
      return 'client';
    case 'KIND_SERVICE':
      return 'service';
    case 'KIND_WORKLOAD':
      return 'workload';
    default:
      return 'api';
  }
}

function edgeOf({ usage, rate, contracts = [] }: GraphEdgeJson, from: SceneNode, to: SceneNode): SceneEdge {
  const [count, errors, denials] = [usage?.count, usage?.errors, usage?.denials].map((value) => Number(value ?? 0)) as [
    number,
    number,
    number,
  ];
  const perSecond = Number(rate ?? 0);
  return {
    id: `${from.id}>${to.id}`,
    from,
    to,
    tone:
      count > 0 && errors / count >= FAILING ? 'failing' : count > 0 && denials / count >= DENIED ? 'denied' : 'good',
    count,
    errors,
    denials,
    rate: perSecond,
    p95: usage?.durations === undefined ? undefined : Number(usage.durations.p95 ?? 0),
    contracts,
    weight: perSecond < 1 ? 1 : perSecond < 20 ? 2 : 3,
  };
}

/** The curve of an edge: its ends, and how far it goes straight out of them. */
export interface Curve {
  readonly x1: number;
  readonly y1: number;
  readonly x2: number;
  readonly y2: number;
  readonly bend: number;
}

export function curveOf({ from, to }: Pick<SceneEdge, 'from' | 'to'>): Curve {
  const [x1, x2] = [from.x + NODE_WIDTH, to.x];
  const [y1, y2] = [from.y + NODE_HEIGHT / 2, to.y + NODE_HEIGHT / 2];
  return { x1, y1, x2, y2, bend: Math.max(30, Math.abs(x2 - x1) / 2) };
}

/** A point of a curve. @param t from 0 to 1 */
export function pointOf({ x1, y1, x2, y2, bend }: Curve, t: number): readonly [x: number, y: number] {
  const u = 1 - t;
  const [a, b, c, d] = [u * u * u, 3 * u * u * t, 3 * u * t * t, t * t * t];
  return [a * x1 + b * (x1 + bend) + c * (x2 - bend) + d * x2, (a + b) * y1 + (c + d) * y2];
}

export function nodeAt({ nodes }: Scene, x: number, y: number): SceneNode | undefined {
  return nodes.find((node) => x >= node.x && x <= node.x + NODE_WIDTH && y >= node.y && y <= node.y + NODE_HEIGHT);
}

const SAMPLES = 24;

/** The edge that is nearest, within a distance. */
export function edgeAt({ edges }: Scene, x: number, y: number, within: number): SceneEdge | undefined {
  let nearest: SceneEdge | undefined;
  let least = within;
  for (const edge of edges) {
    const curve = curveOf(edge);
    if (x < curve.x1 - within || x > curve.x2 + within) continue;
    if (y < Math.min(curve.y1, curve.y2) - within || y > Math.max(curve.y1, curve.y2) + within) continue;
    const distance = distanceTo(curve, x, y);
    if (distance < least) [nearest, least] = [edge, distance];
  }
  return nearest;
}

function distanceTo(curve: Curve, x: number, y: number): number {
  let least = Infinity;
  let [fromX, fromY] = pointOf(curve, 0);
  for (let at = 1; at <= SAMPLES; at += 1) {
    const [toX, toY] = pointOf(curve, at / SAMPLES);
    const [dx, dy] = [toX - fromX, toY - fromY];
    const along = Math.max(0, Math.min(1, ((x - fromX) * dx + (y - fromY) * dy) / (dx * dx + dy * dy || 1)));
    least = Math.min(least, Math.hypot(x - fromX - along * dx, y - fromY - along * dy));
    [fromX, fromY] = [toX, toY];
  }
  return least;
}

/** Where an arrow key leads from a node: along its strongest edge, or to the next in its layer. */
export function nextOf(scene: Scene, from: SceneNode | undefined, key: string): SceneNode | undefined {
  if (from === undefined) return scene.nodes.toSorted(byPlace)[0];
  switch (key) {
    case 'ArrowRight':
      return strongest(from.outgoing)?.to;
    case 'ArrowLeft':
      return strongest(from.incoming)?.from;
    case 'Home':
    case 'End': {
      const own = scene.nodes.filter(({ layer }) => layer === from.layer).toSorted(byPlace);
      return key === 'Home' ? own[0] : own.at(-1);
    }
    case 'ArrowUp':
    case 'ArrowDown': {
      const own = scene.nodes.filter(({ layer }) => layer === from.layer).toSorted(byPlace);
      return own[own.indexOf(from) + (key === 'ArrowUp' ? -1 : 1)];
    }
    default:
      return undefined;
  }
}

function strongest(edges: readonly SceneEdge[]): SceneEdge | undefined {
  return edges.reduce<SceneEdge | undefined>(
    (most, edge) => (most === undefined || edge.count > most.count ? edge : most),
    undefined,
  );
}

function byPlace(a: SceneNode, b: SceneNode): number {
  return a.layer - b.layer || a.y - b.y || a.x - b.x;
}
