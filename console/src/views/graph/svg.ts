import { curveOf, NODE_HEIGHT, NODE_WIDTH } from './scene.ts';
import type { Scene, SceneEdge } from './scene.ts';
import type { Paints } from './paint.ts';
import { KINDS, LAYERS, nameOf, shortNameOf } from './words.ts';

const WIDTHS = [0, 1, 1.8, 3];
const LONGEST = 30;

/** The drawing as a picture that any program shows: whole names are its titles. */
export function toSvg(scene: Scene, paints: Paints, textOf: (edge: SceneEdge) => string): string {
  const { nodes, edges, layers, width, height } = scene;
  const lines = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${round(width)} ${round(height)}" width="${round(width)}" height="${round(height)}" font-family="system-ui, sans-serif" font-size="12">`,
    `<rect width="100%" height="100%" fill="${escaped(paints.ground)}"/>`,
    ...layers.map(
      ({ layer, x }) =>
        `<text x="${round(x)}" y="24" font-weight="600" fill="${escaped(paints.quiet)}">${escaped(LAYERS[layer] ?? '')}</text>`,
    ),
    '<g fill="none" stroke-opacity="0.7">',
    ...edges.map((edge) => {
      const { x1, y1, x2, y2, bend } = curveOf(edge);
      const path = `M${round(x1)} ${round(y1)}C${round(x1 + bend)} ${round(y1)} ${round(x2 - bend)} ${round(y2)} ${round(x2)} ${round(y2)}`;
      const dash = edge.tone === 'denied' ? ' stroke-dasharray="6 4"' : '';
      const title = `${nameOf(edge.from)} → ${nameOf(edge.to)}: ${textOf(edge)}`;
      return `<path d="${path}" stroke="${escaped(paints.tones[edge.tone])}" stroke-width="${WIDTHS[edge.weight] ?? 1}"${dash}><title>${escaped(title)}</title></path>`;
    }),
    '</g>',
    ...nodes.map((node) => {
      const isApi = node.kind === 'api';
      const fill = node.isElsewhere ? paints.ground : isApi ? paints.accentGround : paints.raised;
      const radius = node.kind === 'client' ? NODE_HEIGHT / 2 : 6;
      const dash = node.isElsewhere ? ' stroke-dasharray="4 3"' : '';
      const name = shortNameOf(node);
      const short = name.length > LONGEST ? `${name.slice(0, LONGEST - 1)}…` : name;
      return [
        `<g><title>${escaped(`${KINDS[node.kind]} ${nameOf(node)}`)}</title>`,
        `<rect x="${round(node.x)}" y="${round(node.y)}" width="${NODE_WIDTH}" height="${NODE_HEIGHT}" rx="${radius}" fill="${escaped(fill)}" stroke="${escaped(isApi ? paints.accent : paints.line)}"${dash}/>`,
        `<text x="${round(node.x + 9)}" y="${round(node.y + NODE_HEIGHT / 2 + 4)}" fill="${escaped(paints.text)}">${escaped(short)}</text></g>`,
      ].join('');
    }),
    '</svg>',
  ];
  return `${lines.join('\n')}\n`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

/** As text and in attributes; what XML has no way to write, and what turns the direction of writing, is replaced. */
function escaped(text: string): string {
  return text
    .toWellFormed()
    .replace(/[\p{Cc}\ufffe\uffff\u202a-\u202e\u2066-\u2069]/gu, '\ufffd')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
