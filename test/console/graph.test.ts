import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { askedOf, nodeNamed } from '../../console/src/views/graph/graph-address.ts';
import type { Paints } from '../../console/src/views/graph/paint.ts';
import {
  curveOf,
  edgeAt,
  nextOf,
  nodeAt,
  NODE_HEIGHT,
  NODE_WIDTH,
  pointOf,
  sceneOf,
} from '../../console/src/views/graph/scene.ts';
import { toSvg } from '../../console/src/views/graph/svg.ts';
import { beginning, fit, showing, zoom } from '../../console/src/views/graph/viewport.ts';
import { contractText, edgeText, shortNameOf } from '../../console/src/views/graph/words.ts';

const usage = (count: number, errors = 0, denials = 0) => ({
  count: String(count),
  errors: String(errors),
  denials: String(denials),
});
const ANSWER = {
  nodes: [
    { id: 'client:a', kind: 'KIND_CLIENT' as const, name: 'a', place: { y: 0 } },
    { id: 'client:b', kind: 'KIND_CLIENT' as const, name: 'b', place: { y: 1 } },
    { id: 'api:x', kind: 'KIND_API' as const, name: 'x', place: { layer: 1, x: 1.9, y: 0.5 } },
    { id: 'service:s', kind: 'KIND_SERVICE' as const, name: 's', place: { layer: 2, x: 3.8 } },
  ],
  edges: [
    { from: 'client:a', to: 'api:x', usage: usage(100, 5), rate: 0.5 },
    { from: 'client:b', to: 'api:x', usage: usage(900, 0, 90), rate: 30 },
    { from: 'api:x', to: 'service:s', usage: usage(910), rate: 5 },
    { from: 'client:gone', to: 'api:x', usage: usage(1) },
  ],
};
const scene = sceneOf(ANSWER);
const idAfter = (from: string | undefined, key: string): string | undefined =>
  nextOf(scene, from === undefined ? undefined : scene.byId.get(from), key)?.id;

describe('a drawing', () => {
  it('has an edge where both ends are there, by how it goes and how much passes', () => {
    expect(scene.edges.map(({ id, tone, weight }) => [id, tone, weight])).toEqual([
      ['client:a>api:x', 'failing', 1],
      ['client:b>api:x', 'denied', 3],
      ['api:x>service:s', 'good', 2],
    ]);
  });

  it('is walked through by keys: along the strongest edge, and among its like', () => {
    expect(idAfter(undefined, 'ArrowDown')).toBe('client:a');
    expect(idAfter('client:a', 'ArrowDown')).toBe('client:b');
    expect(idAfter('client:b', 'ArrowDown')).toBeUndefined();
    expect(idAfter('client:a', 'ArrowRight')).toBe('api:x');
    expect(idAfter('api:x', 'ArrowLeft')).toBe('client:b');
    expect(idAfter('client:b', 'Home')).toBe('client:a');
    expect(idAfter('client:a', 'End')).toBe('client:b');
  });

  it('is found where it is drawn', () => {
    for (const node of scene.nodes) {
      expect(nodeAt(scene, node.x + NODE_WIDTH / 2, node.y + NODE_HEIGHT / 2)).toBe(node);
      expect(nodeAt(scene, node.x - 2, node.y)).toBeUndefined();
    }
    fc.assert(
      fc.property(fc.constantFrom(...scene.edges), fc.double({ min: 0.1, max: 0.9, noNaN: true }), (edge, t) => {
        const [x, y] = pointOf(curveOf(edge), t);
        expect(edgeAt(scene, x, y, 3)).toBeDefined();
        expect(edgeAt(scene, x, y + 500, 6)).toBeUndefined();
      }),
    );
  });

  it('stays where it is pointed at while it is zoomed, and shows whom one goes to', () => {
    const finite = fc.double({ min: -2000, max: 2000, noNaN: true });
    fc.assert(
      fc.property(
        fc.double({ min: 0.1, max: 2, noNaN: true }),
        finite,
        finite,
        finite,
        finite,
        (scale, x, y, atX, atY) => {
          const view = { scale, x, y };
          const next = zoom(view, 1.3, atX, atY);
          expect((atX - next.x) / next.scale).toBeCloseTo((atX - x) / scale, 5);
          const size = { width: 900, height: 500 };
          const node = { x: atX, y: atY };
          const shown = showing(view, node, size);
          const left = node.x * shown.scale + shown.x;
          expect(left).toBeGreaterThanOrEqual(-1);
          expect(left + NODE_WIDTH * shown.scale).toBeLessThanOrEqual(size.width + 1);
        },
      ),
    );
  });

  it('is whole in the window where it can be read so, and begins at what is busiest where it can not', () => {
    const size = { width: 1000, height: 500 };
    expect(beginning(scene, size)).toEqual(fit(scene, size));
    const tall = {
      ...ANSWER,
      nodes: [...ANSWER.nodes, { id: 'client:z', kind: 'KIND_CLIENT' as const, name: 'z', place: { y: 200 } }],
      edges: [{ from: 'client:z', to: 'api:x', usage: usage(1000), rate: 1 }],
    };
    const view = beginning(sceneOf(tall), size);
    expect(view.scale).toBeGreaterThanOrEqual(0.7);
    expect(view.y).toBeLessThan(0);
  });
});

const PAINTS: Paints = {
  ground: '#fff',
  raised: '#eee',
  line: '#ccc',
  text: '#000',
  quiet: '#555',
  accent: '#00f',
  accentGround: '#eef',
  tones: { good: '#00f', denied: '#a0a', failing: '#f50' },
};

describe('its picture', () => {
  it('is well-formed and has no markup of others, whatever names are', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 40 }), (name) => {
        const hostile = `${name}"><script>alert(1)</script>\u0000\u202e`;
        const nodes = [
          { id: 'client:h', kind: 'KIND_CLIENT' as const, name: hostile, place: {} },
          { id: 'api:x', kind: 'KIND_API' as const, name: 'x', place: { layer: 1, x: 2 } },
        ];
        const svg = toSvg(
          sceneOf({ nodes, edges: [{ from: 'client:h', to: 'api:x', usage: usage(1), rate: 1 }] }),
          PAINTS,
          () => hostile,
        );
        expect(svg).not.toContain('<script');
        for (const sign of ['\u0000', '\u202e']) expect(svg).not.toContain(sign);
        // Every tag is one of ours, and each is closed.
        const open: string[] = [];
        for (const [, close, tag, self] of svg.matchAll(/<(\/?)(\w+)[^<>]*?(\/?)>/g)) {
          if (close === '/') expect(open.pop()).toBe(tag);
          else if (self !== '/') open.push(tag as string);
          expect(['svg', 'rect', 'text', 'g', 'path', 'title']).toContain(tag);
        }
        expect(open).toEqual([]);
      }),
    );
  });
});

describe('words of it', () => {
  it('are short where names are long', () => {
    const service = (name: string) => shortNameOf({ kind: 'service', name });
    expect(service('outbound|8080||orders.shop.svc.cluster.local')).toBe('orders.shop');
    expect(service('outbound|443||api.pay.example')).toBe('api.pay.example');
    expect(service('backend')).toBe('backend');
    expect(shortNameOf({ kind: 'workload', name: 'spiffe://mesh/ns/shop/sa/web' })).toBe('shop/web');
    expect(shortNameOf({ kind: 'client', name: '' })).toBe('no client application');
  });

  it('tell of the use of a quota, of the tightest limit', () => {
    const limits = [
      { maximumRequests: '10', timePeriodInMilliseconds: '1000' },
      { maximumRequests: '36000', timePeriodInMilliseconds: '86400000' },
    ];
    const contract = { name: 'c', tier: 'gold', limits, count: '750' };
    expect(contractText(contract, 3600)).toBe('gold: 10 a second, 36,000 a day (50%)');
    expect(contractText({ name: 'c', count: '5' }, 3600)).toBe('c: unlimited');
    const [edge] = sceneOf({ ...ANSWER, edges: [{ ...ANSWER.edges[0], contracts: [contract] }] }).edges;
    expect(edge && edgeText(edge, 3600)).toBe('30/min, 5% errors, 50% of quota');
  });
});

describe('its address', () => {
  it.each([
    ['', { team: '', minRate: 0, isOfErrors: false, around: '', steps: 1, limit: 50, view: 'map', chosen: '' }],
    [
      'min=0.1&errors=1&edges=200&view=list&team=shop',
      { minRate: 0.1, isOfErrors: true, limit: 200, view: 'list', team: 'shop' },
    ],
    ['min=-5&edges=9999&steps=99&around=nobody', { minRate: 0, limit: 50, steps: 1, around: '' }],
    ['around=client:&steps=3&sel=a>b', { around: 'client:', steps: 3, chosen: 'a>b' }],
  ])('?%s', (query, asked) => {
    expect(askedOf(new URLSearchParams(query), false)).toMatchObject(asked);
  });

  it('shows the list where the window is narrow, unless it says otherwise', () => {
    expect(askedOf(new URLSearchParams(), true).view).toBe('list');
    expect(askedOf(new URLSearchParams('view=map'), true).view).toBe('map');
    expect(nodeNamed('api:shop/orders')).toEqual({ kind: 'api', name: 'shop/orders' });
  });
});
