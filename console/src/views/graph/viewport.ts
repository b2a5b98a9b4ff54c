import { curveOf, NODE_HEIGHT, NODE_WIDTH, pointOf } from './scene.ts';
import type { Scene, SceneEdge, SceneNode } from './scene.ts';

/** Where the drawing lies in the window: `x` and `y` are of its corner. */
export interface View {
  readonly scale: number;
  readonly x: number;
  readonly y: number;
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

const LEAST_SCALE = 0.05;
const MOST_SCALE = 3;
/** A small drawing is not made larger than this. */
const MOST_FIT = 1.1;
/** Names can be read from this scale on. */
const READABLE = 0.7;

/** The beginning of a drawing: names can be read, and the edge with the most requests is in the window. */
export function beginning(scene: Scene, size: Size): View {
  const whole = fit(scene, size);
  if (whole.scale >= READABLE) return whole;
  const busiest = scene.edges.reduce<SceneEdge | undefined>(
    (most, edge) => (most === undefined || edge.count > most.count ? edge : most),
    undefined,
  );
  const scale = Math.max(READABLE, Math.min(MOST_FIT, size.width / Math.max(1, scene.width)));
  const [middleX, middleY] = busiest === undefined ? [0, 0] : pointOf(curveOf(busiest), 0.5);
  return {
    scale,
    x: within(size.width / 2 - middleX * scale, size.width, scene.width * scale),
    y: within(size.height / 2 - middleY * scale, size.height, scene.height * scale),
  };
}

/** Nothing beyond the drawing is shown where there is more of it; less is in the middle. */
function within(wanted: number, window: number, drawing: number): number {
  return drawing <= window ? (window - drawing) / 2 : Math.max(window - drawing, Math.min(0, wanted));
}

/** The whole drawing, in the middle. */
export function fit({ width, height }: Scene, size: Size): View {
  const scale = bounded(Math.min(size.width / Math.max(1, width), size.height / Math.max(1, height), MOST_FIT));
  return {
    scale,
    x: Math.max(0, (size.width - width * scale) / 2),
    y: Math.max(0, (size.height - height * scale) / 2),
  };
}

/** Closer or farther, around a point of the window. */
export function zoom({ scale, x, y }: View, factor: number, atX: number, atY: number): View {
  const next = bounded(scale * factor);
  return { scale: next, x: atX - ((atX - x) / scale) * next, y: atY - ((atY - y) / scale) * next };
}

function bounded(scale: number): number {
  return Math.max(LEAST_SCALE, Math.min(MOST_SCALE, scale));
}

/** The view moved so that a node is in the window. */
export function showing(view: View, { x, y }: Pick<SceneNode, 'x' | 'y'>, size: Size): View {
  const scale = Math.max(view.scale, 0.6);
  const [left, top] = [x * scale + view.x, y * scale + view.y];
  const isIn =
    scale === view.scale &&
    left >= 0 &&
    top >= 0 &&
    left + NODE_WIDTH * scale <= size.width &&
    top + NODE_HEIGHT * scale <= size.height;
  if (isIn) return view;
  return {
    scale,
    x: size.width / 2 - (x + NODE_WIDTH / 2) * scale,
    y: size.height / 2 - (y + NODE_HEIGHT / 2) * scale,
  };
}
