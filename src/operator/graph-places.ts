/**
 * A layered drawing: nodes stand in the order of their layers from the left, and within a layer in an order in which few
 * edges cross (sweeps of barycentres: Sugiyama, Tagawa and Toda, "Methods for Visual Understanding of Hierarchical System
 * Structures", 1981). The same nodes and edges always have the same places, in whatever order they are given.
 */
export interface LayeredNode {
  readonly id: string;
  readonly layer: number;
}

/** From a layer to a higher one. Ends that are no nodes are left out. */
export interface LayeredEdge {
  readonly from: string;
  readonly to: string;
}

export interface Place {
  /** As it was given. */
  readonly layer: number;
  /** Columns from the left. */
  readonly x: number;
  /** Rows from the top; in a column, nodes are at least one row apart. */
  readonly y: number;
}

const SWEEPS = 12;
/** Sweeps that make nothing better, before there are no more. */
const PATIENCE = 4;
const ALIGNMENTS = 4;
/** Of a column; beyond it, a layer has more of them. */
const ROWS_A_COLUMN = 150;
/** Between layers, in columns. */
const GAP = 0.9;

interface Node {
  readonly id: string;
  /** Among the layers that have nodes, from 0. */
  readonly layer: number;
  readonly given: number;
  /** In its layer, from 0. */
  order: number;
  y: number;
  readonly before: Node[];
  readonly after: Node[];
}

/** @param pause lets others run: a sweep over thousands of edges takes milliseconds */
export async function placeNodes(
  nodes: readonly LayeredNode[],
  edges: readonly LayeredEdge[],
  pause: () => Promise<unknown>,
): Promise<ReadonlyMap<string, Place>> {
  const layers = layersOf(nodes, edges);
  await orderLayers(layers, pause);
  for (const layer of layers) spread(layer);
  const longest = layers.reduce<readonly Node[]>((most, layer) => (layer.length > most.length ? layer : most), []);
  for (let round = 0; round < ALIGNMENTS; round += 1) {
    await pause();
    for (const layer of layers) if (layer !== longest) align(layer);
  }
  return placesOf(layers);
}

/** How often edges between the layers cross. */
export function crossingsOf(layers: readonly (readonly Node[])[]): number {
  let crossings = 0;
  for (const [index, layer] of layers.entries()) {
    for (const [other, { length }] of layers.entries()) {
      if (other <= index) continue;
      const ends = layer.flatMap(({ after }) =>
        after.flatMap(({ layer: at, order }) => (at === other ? [order] : [])).toSorted((a, b) => a - b),
      );
      crossings += inversionsOf(ends, length);
    }
  }
  return crossings;
}

function layersOf(given: readonly LayeredNode[], edges: readonly LayeredEdge[]): Node[][] {
  const byId = new Map<string, Node>();
  const numbers = [...new Set(given.map(({ layer }) => layer))].toSorted((a, b) => a - b);
  for (const { id, layer } of given.toSorted((a, b) => (a.id < b.id ? -1 : 1)))
    byId.set(id, { id, layer: numbers.indexOf(layer), given: layer, order: 0, y: 0, before: [], after: [] });
  for (const { from, to } of edges.toSorted(compareEdges)) {
    const [first, second] = [byId.get(from), byId.get(to)];
    if (first === undefined || second === undefined || first.layer >= second.layer) continue;
    first.after.push(second);
    second.before.push(first);
  }
  const layers: Node[][] = numbers.map(() => []);
  for (const node of byId.values()) layers[node.layer]?.push(node);
  for (const layer of layers) renumber(layer);
  return layers;
}

function compareEdges(one: LayeredEdge, other: LayeredEdge): number {
  const [a, b] = one.from === other.from ? [one.to, other.to] : [one.from, other.from];
  return a === b ? 0 : a < b ? -1 : 1;
}

/** Leaves the layers in the best order that was found. */
async function orderLayers(layers: readonly Node[][], pause: () => Promise<unknown>): Promise<void> {
  let best = layers.map((layer) => [...layer]);
  let fewest = crossingsOf(layers);
  let since = 0;
  for (let sweep = 0; sweep < SWEEPS && fewest > 0 && since < PATIENCE; sweep += 1) {
    const isForward = sweep % 2 === 0;
    for (const layer of isForward ? layers : layers.toReversed())
      sortByMean(layer, ({ before, after }) => (isForward ? before : after), layers);
    await pause();
    const crossings = crossingsOf(layers);
    await pause();
    since += 1;
    if (crossings >= fewest) continue;
    fewest = crossings;
    since = 0;
    best = layers.map((layer) => [...layer]);
  }
  for (const [index, layer] of layers.entries()) {
    layer.splice(0, layer.length, ...(best[index] ?? []));
    renumber(layer);
  }
}

function sortByMean(layer: Node[], neighboursOf: (node: Node) => readonly Node[], layers: readonly Node[][]): void {
  // Layers have different lengths: places are compared as shares of them.
  const shareOf = ({ layer: at, order }: Node): number => (order + 0.5) / (layers[at]?.length ?? 1);
  const means = new Map(
    layer.map((node) => {
      const neighbours = neighboursOf(node);
      const sum = neighbours.reduce((all, each) => all + shareOf(each), 0);
      return [node, neighbours.length === 0 ? shareOf(node) : sum / neighbours.length];
    }),
  );
  layer.sort((a, b) => (means.get(a) ?? 0) - (means.get(b) ?? 0) || a.order - b.order);
  renumber(layer);
}

function renumber(layer: readonly Node[]): void {
  for (const [order, node] of layer.entries()) node.order = order;
}

function columnsOf({ length }: readonly Node[]): number {
  return length <= ROWS_A_COLUMN ? 1 : Math.ceil(Math.sqrt(length / ROWS_A_COLUMN)) + 1;
}

function spread(layer: readonly Node[]): void {
  for (const node of layer) node.y = node.order / columnsOf(layer);
}

/**
 * Moves each node towards the mean of its neighbours, as far as order and distance allow: the sum of squares is the least
 * possible (pool adjacent violators).
 */
function align(layer: readonly Node[]): void {
  const distance = 1 / columnsOf(layer);
  const pools: { sum: number; count: number }[] = [];
  for (const node of layer) {
    const neighbours = [...node.before, ...node.after];
    const mean = neighbours.length === 0 ? node.y : neighbours.reduce((sum, { y }) => sum + y, 0) / neighbours.length;
    pools.push({ sum: mean - node.order * distance, count: 1 });
    for (let last = pools.length - 1; last > 0; last -= 1) {
      const [pool, earlier] = [pools[last], pools[last - 1]];
      if (pool === undefined || earlier === undefined || earlier.sum / earlier.count <= pool.sum / pool.count) break;
      pools.splice(last - 1, 2, { sum: pool.sum + earlier.sum, count: pool.count + earlier.count });
    }
  }
  let at = 0;
  for (const { sum, count } of pools) {
    for (const node of layer.slice(at, at + count)) node.y = sum / count + node.order * distance;
    at += count;
  }
}

function placesOf(layers: readonly (readonly Node[])[]): ReadonlyMap<string, Place> {
  const top = layers.flat().reduce((least, { y }) => Math.min(least, y), Infinity);
  const places = new Map<string, Place>();
  let left = 0;
  for (const nodes of layers) {
    const columns = columnsOf(nodes);
    for (const { id, given: layer, order, y } of nodes)
      places.set(id, { layer, x: rounded(left + (order % columns)), y: rounded(y - top) });
    left += columns + GAP;
  }
  return places;
}

function rounded(value: number): number {
  return Math.round(value * 1000) / 1000;
}

/** How many pairs are in the wrong order, by a tree of sums (Fenwick). @param bound of the values, from 0 */
function inversionsOf(values: readonly number[], bound: number): number {
  const tree = new Int32Array(bound + 1);
  let inversions = 0;
  for (const [seen, value] of values.entries()) {
    let notAbove = 0;
    for (let at = value + 1; at > 0; at -= at & -at) notAbove += tree[at] ?? 0;
    inversions += seen - notAbove;
    for (let at = value + 1; at <= bound; at += at & -at) tree[at] = (tree[at] ?? 0) + 1;
  }
  return inversions;
}
