import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { crossingsOf, placeNodes } from '../../src/operator/graph-places.ts';
import type { LayeredEdge, LayeredNode, Place } from '../../src/operator/graph-places.ts';

const noPause = async (): Promise<void> => {};

interface Drawn {
  readonly nodes: readonly LayeredNode[];
  readonly edges: readonly LayeredEdge[];
}

const anyGraph: fc.Arbitrary<Drawn> = fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 150 }).chain((layers) => {
  const nodes = layers.map((layer, at) => ({ id: `n${at}`, layer }));
  const id = fc.constantFrom(...nodes.map((node) => node.id), 'nobody');
  return fc.record({ nodes: fc.constant(nodes), edges: fc.array(fc.record({ from: id, to: id }), { maxLength: 200 }) });
});

/** By comparing each edge with each. */
function crossings(places: ReadonlyMap<string, Place>, edges: readonly LayeredEdge[], orderOf: (id: string) => number) {
  const drawn = edges.flatMap(({ from, to }) => {
    const [first, second] = [places.get(from), places.get(to)];
    if (first === undefined || second === undefined || first.layer >= second.layer) return [];
    return [{ between: `${first.layer} ${second.layer}`, from: orderOf(from), to: orderOf(to) }];
  });
  return drawn.reduce(
    (sum, one, at) =>
      sum +
      drawn.slice(at + 1).filter((other) => {
        return one.between === other.between && (one.from - other.from) * (one.to - other.to) < 0;
      }).length,
    0,
  );
}

/** Rows of a layer with several columns are shifted: order is that of y. */
function orderIn(places: ReadonlyMap<string, Place>): (id: string) => number {
  return (id) => places.get(id)?.y ?? 0;
}

describe('places of nodes', () => {
  it('keep nodes of a column apart, and layers one after another', async () => {
    await fc.assert(
      fc.asyncProperty(anyGraph, async ({ nodes, edges }) => {
        const places = await placeNodes(nodes, edges, noPause);
        expect(places.size).toBe(nodes.length);
        for (const [, column] of Map.groupBy(places.values(), ({ x }) => x)) {
          const rows = column.map(({ y }) => y).toSorted((a, b) => a - b);
          for (const [at, y] of rows.entries()) if (at > 0) expect(y - (rows[at - 1] ?? 0)).toBeGreaterThan(0.998);
          expect(new Set(column.map(({ layer }) => layer)).size).toBe(1);
          expect(rows[0]).toBeGreaterThanOrEqual(0);
        }
        const byX = [...places.values()].toSorted((a, b) => a.x - b.x).map(({ layer }) => layer);
        expect(byX).toEqual(byX.toSorted((a, b) => a - b));
      }),
      { numRuns: 60 },
    );
  });

  it('are the same in whatever order nodes and edges come', async () => {
    await fc.assert(
      fc.asyncProperty(anyGraph, async ({ nodes, edges }) => {
        const places = await placeNodes(nodes, edges, noPause);
        const again = await placeNodes(nodes.toReversed(), edges.toReversed(), noPause);
        for (const [id, place] of places) expect(again.get(id)).toEqual(place);
      }),
      { numRuns: 60 },
    );
  });

  it('let no more edges cross than the order of names does', async () => {
    await fc.assert(
      fc.asyncProperty(anyGraph, async ({ nodes, edges }) => {
        const places = await placeNodes(nodes, edges, noPause);
        const names = new Map(
          nodes
            .map(({ id }) => id)
            .toSorted()
            .map((id, at) => [id, at]),
        );
        const byName = crossings(places, edges, (id) => names.get(id) ?? 0);
        expect(crossings(places, edges, orderIn(places))).toBeLessThanOrEqual(byName);
      }),
      { numRuns: 60 },
    );
  });

  it('untangle what can be drawn without a crossing', async () => {
    const nodes = Array.from({ length: 20 }, (_, at) => [
      { id: `a${at}`, layer: 0 },
      { id: `b${(at * 7) % 20}`, layer: 1 },
    ]).flat();
    const edges = Array.from({ length: 20 }, (_, at) => ({ from: `a${at}`, to: `b${(at * 7) % 20}` }));
    const places = await placeNodes(nodes, edges, noPause);
    expect(crossings(places, edges, orderIn(places))).toBe(0);
    for (const { from, to } of edges) expect(places.get(from)?.y).toBeCloseTo(places.get(to)?.y ?? -1);
  });

  it('count crossings as one sees them', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(12), fc.nat(12)), { maxLength: 40 }), (pairs) => {
        const make = (layer: number) =>
          Array.from({ length: 13 }, (_, order) => ({
            id: '',
            layer,
            given: layer,
            order,
            y: 0,
            before: [],
            after: [] as never[],
          }));
        const [left, right] = [make(0), make(1)];
        for (const [from, to] of pairs) (left[from] as { after: unknown[] }).after.push(right[to]);
        const seen = pairs.reduce(
          (sum, [a, b], at) => sum + pairs.slice(at + 1).filter(([c, d]) => (a - c) * (b - d) < 0).length,
          0,
        );
        expect(crossingsOf([left, right])).toBe(seen);
      }),
    );
  });
});
