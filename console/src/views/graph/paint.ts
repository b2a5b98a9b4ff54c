import { curveOf, NODE_HEIGHT, NODE_WIDTH, pointOf } from './scene.ts';
import type { Curve, Scene, SceneEdge, SceneNode, Tone } from './scene.ts';
import type { Size, View } from './viewport.ts';
import { LAYERS, perSecond, shortNameOf } from './words.ts';

export interface Paints {
  readonly ground: string;
  readonly raised: string;
  readonly line: string;
  readonly text: string;
  readonly quiet: string;
  readonly accent: string;
  readonly accentGround: string;
  readonly tones: Readonly<Record<Tone, string>>;
}

/** A scene, ready to be painted many times a second. */
export interface Prepared {
  readonly scene: Scene;
  readonly strokes: readonly Stroke[];
  readonly boxes: Path2D;
  readonly apis: Path2D;
  readonly elsewhere: Path2D;
  readonly labels: ReadonlyMap<SceneNode, string>;
  readonly textOf: (edge: SceneEdge) => string;
}

interface Stroke {
  readonly tone: Tone;
  readonly weight: number;
  readonly path: Path2D;
}

const FONT = '12px system-ui, "Segoe UI", sans-serif';
const SMALL = '11px system-ui, "Segoe UI", sans-serif';
const WIDTHS = [0, 1, 1.8, 3];
const PADDING = 9;
const LEAST_SCALE_OF_TEXT = 0.42;
/** With more edges than this, only those of what is chosen have their numbers. */
const FEW_EDGES = 40;
const LEAST_SCALE_OF_NUMBERS = 0.75;

export function prepare(
  scene: Scene,
  context: CanvasRenderingContext2D,
  textOf: (edge: SceneEdge) => string,
): Prepared {
  context.font = FONT;
  const strokes = new Map<string, Stroke>();
  for (const edge of scene.edges) {
    const { tone, weight } = edge;
    const key = `${tone} ${weight}`;
    let stroke = strokes.get(key);
    if (stroke === undefined) strokes.set(key, (stroke = { tone, weight, path: new Path2D() }));
    trace(stroke.path, curveOf(edge));
  }
  const [boxes, apis, elsewhere] = [new Path2D(), new Path2D(), new Path2D()];
  for (const node of scene.nodes) box(node.isElsewhere ? elsewhere : node.kind === 'api' ? apis : boxes, node);
  const order: readonly Tone[] = ['good', 'denied', 'failing'];
  return {
    scene,
    strokes: [...strokes.values()].toSorted((a, b) => order.indexOf(a.tone) - order.indexOf(b.tone)),
    boxes,
    apis,
    elsewhere,
    labels: new Map(scene.nodes.map((node) => [node, fitted(shortNameOf(node), context)])),
    textOf,
  };
}

function trace(path: Path2D, { x1, y1, x2, y2, bend }: Curve): void {
  path.moveTo(x1, y1);
  path.bezierCurveTo(x1 + bend, y1, x2 - bend, y2, x2, y2);
}

function box(path: Path2D, { x, y, kind }: SceneNode): void {
  path.roundRect(x, y, NODE_WIDTH, NODE_HEIGHT, kind === 'client' ? NODE_HEIGHT / 2 : kind === 'workload' ? 2 : 6);
}

/** As much of a text as goes into a box. */
function fitted(text: string, context: CanvasRenderingContext2D): string {
  const room = NODE_WIDTH - 2 * PADDING;
  // Names may be of any length.
  let shown = text.slice(0, 80).replace(/[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu, '�');
  if (shown.length === text.length && context.measureText(shown).width <= room) return shown;
  while (shown.length > 1 && context.measureText(`${shown}…`).width > room) shown = shown.slice(0, -1);
  return `${shown}…`;
}

/** Paints all of it, as far as it is seen. @param chosen what is chosen stands out */
export function paint(
  context: CanvasRenderingContext2D,
  { scene, strokes, boxes, apis, elsewhere, labels, textOf }: Prepared,
  { scale, x, y }: View,
  size: Size,
  paints: Paints,
  chosen: SceneNode | SceneEdge | undefined,
  pixels: number,
): void {
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.fillStyle = paints.ground;
  context.fillRect(0, 0, size.width * pixels, size.height * pixels);
  context.setTransform(scale * pixels, 0, 0, scale * pixels, x * pixels, y * pixels);
  const hair = 1 / scale;
  const near = edgesOf(chosen);
  context.globalAlpha = near.length > 0 ? 0.13 : 0.62;
  for (const { tone, weight, path } of strokes) {
    context.strokeStyle = paints.tones[tone];
    context.lineWidth = (WIDTHS[weight] ?? 1) * Math.max(hair, 0.6);
    context.setLineDash(tone === 'denied' ? [6, 4] : []);
    context.stroke(path);
  }
  context.globalAlpha = 1;
  for (const edge of near) {
    const path = new Path2D();
    trace(path, curveOf(edge));
    context.strokeStyle = paints.tones[edge.tone];
    context.lineWidth = (WIDTHS[edge.weight] ?? 1) * 1.3 * Math.max(hair, 0.6);
    context.setLineDash(edge.tone === 'denied' ? [6, 4] : []);
    context.stroke(path);
  }
  context.setLineDash([]);
  context.lineWidth = Math.max(1, hair * 0.7);
  for (const [path, fill, stroke] of [
    [boxes, paints.raised, paints.line],
    [apis, paints.accentGround, paints.accent],
    [elsewhere, paints.ground, paints.line],
  ] as const) {
    context.fillStyle = fill;
    context.fill(path);
    context.strokeStyle = stroke;
    context.setLineDash(path === elsewhere ? [4, 3] : []);
    context.stroke(path);
  }
  context.setLineDash([]);
  if (chosen !== undefined && 'kind' in chosen) {
    const path = new Path2D();
    box(path, chosen);
    context.strokeStyle = paints.accent;
    context.lineWidth = 2.5 * Math.max(1, hair);
    context.stroke(path);
  }
  context.textBaseline = 'middle';
  writeLayers(context, scene, paints);
  if (scale < LEAST_SCALE_OF_TEXT) return;
  context.font = FONT;
  context.fillStyle = paints.text;
  const [left, top] = [-x / scale - NODE_WIDTH, -y / scale - NODE_HEIGHT];
  const [right, bottom] = [(size.width - x) / scale, (size.height - y) / scale];
  for (const [node, label] of labels) {
    if (node.x < left || node.x > right || node.y < top || node.y > bottom) continue;
    context.fillText(label, node.x + PADDING, node.y + NODE_HEIGHT / 2 + 0.5);
  }
  if (scale < LEAST_SCALE_OF_NUMBERS) return;
  if (near.length > 0) writeNumbers(context, near, textOf, paints);
  else if (scene.edges.length <= FEW_EDGES) writeNumbers(context, scene.edges, ({ rate }) => perSecond(rate), paints);
}

function writeLayers(context: CanvasRenderingContext2D, { layers }: Scene, { quiet }: Paints): void {
  context.font = `600 ${SMALL}`;
  context.fillStyle = quiet;
  for (const { layer, x } of layers) context.fillText(LAYERS[layer] ?? '', x, 20);
}

/** On the middle of an edge; those with the most requests first, and none on another. */
function writeNumbers(
  context: CanvasRenderingContext2D,
  edges: readonly SceneEdge[],
  textOf: (edge: SceneEdge) => string,
  { ground, quiet }: Paints,
): void {
  context.font = SMALL;
  const taken: (readonly [x: number, y: number, width: number])[] = [];
  for (const edge of edges.toSorted((a, b) => b.count - a.count)) {
    const text = textOf(edge);
    const [x, y] = pointOf(curveOf(edge), 0.5);
    const { width } = context.measureText(text);
    if (
      taken.some(
        ([otherX, otherY, other]) => Math.abs(otherX - x) < (other + width) / 2 + 8 && Math.abs(otherY - y) < 16,
      )
    )
      continue;
    taken.push([x, y, width]);
    context.globalAlpha = 0.88;
    context.fillStyle = ground;
    context.fillRect(x - width / 2 - 3, y - 8, width + 6, 16);
    context.globalAlpha = 1;
    context.fillStyle = quiet;
    context.fillText(text, x - width / 2, y);
  }
}

function edgesOf(chosen: SceneNode | SceneEdge | undefined): readonly SceneEdge[] {
  if (chosen === undefined) return [];
  return 'kind' in chosen ? [...chosen.incoming, ...chosen.outgoing] : [chosen];
}
