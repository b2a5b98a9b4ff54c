import { csv } from '../../../../src/csv.ts';
import { paint, prepare } from './paint.ts';
import type { Paints } from './paint.ts';
import type { Scene, SceneEdge } from './scene.ts';
import { contractText, KINDS } from './words.ts';

/** Browsers draw nothing on a canvas that is larger. */
const MOST_PIXELS = 8000;
const MOST_SCALE = 2;

/** The whole drawing; undefined: the browser can't make it. */
export async function pngOf(
  scene: Scene,
  paints: Paints,
  textOf: (edge: SceneEdge) => string,
): Promise<Blob | undefined> {
  const canvas = document.createElement('canvas');
  const context = canvas.getContext('2d');
  if (context === null) return undefined;
  const scale = Math.min(MOST_SCALE, MOST_PIXELS / Math.max(scene.width, scene.height));
  const size = { width: Math.ceil(scene.width * scale), height: Math.ceil(scene.height * scale) };
  canvas.width = size.width;
  canvas.height = size.height;
  paint(context, prepare(scene, context, textOf), { scale, x: 0, y: 0 }, size, paints, undefined, 1);
  return new Promise((resolve) => canvas.toBlob((blob) => resolve(blob ?? undefined), 'image/png'));
}

/** A line for each edge. */
export function csvOf({ edges }: Scene, seconds: number): string {
  return csv(
    ['from_kind', 'from', 'to_kind', 'to', 'rate_per_second', 'requests', 'errors', 'denials', 'p95_ms', 'contracts'],
    edges.map(({ from, to, rate, count, errors, denials, p95, contracts }) => [
      KINDS[from.kind],
      from.name,
      KINDS[to.kind],
      to.name,
      rate,
      count,
      errors,
      denials,
      p95,
      contracts.map((contract) => contractText(contract, seconds)).join('; '),
    ]),
  );
}
