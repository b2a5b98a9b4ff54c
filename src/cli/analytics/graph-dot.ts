import { GraphNode_Kind as Kind } from '../../../gen/ostiary/v1/analytics_pb.js';
import type { GraphResponse } from '../../../gen/ostiary/v1/analytics_pb.js';
import { edgeText, nodeText, toneOf, widthOf } from './graph-text.ts';
import type { Tone } from './graph-text.ts';

const SHAPES: ReadonlyMap<Kind, string> = new Map([
  [Kind.CLIENT, 'shape=ellipse'],
  [Kind.API, 'shape=box, style="rounded,filled"'],
  [Kind.SERVICE, 'shape=box'],
  [Kind.WORKLOAD, 'shape=hexagon'],
]);
const COLORS: Readonly<Record<Tone, string>> = { good: '#4a6a8a', denied: '#b7791f', failing: '#c53030' };

/** A graph in DOT, for Graphviz (https://graphviz.org/doc/info/lang.html). */
export function toDot({ nodes, edges }: GraphResponse): string {
  const numbers = new Map(nodes.map(({ id }, at) => [id, `n${at + 1}`]));
  const lines = [
    'digraph ostiary {',
    '  rankdir=LR;',
    '  node [fontname="Helvetica", fontsize=11, style=filled, fillcolor="#f7fafc", color="#4a5568"];',
    '  edge [fontname="Helvetica", fontsize=9];',
    ...nodes.map(
      (node) => `  ${numbers.get(node.id)} [label=${quoted(nodeText(node))}, ${SHAPES.get(node.kind) ?? 'shape=box'}];`,
    ),
    ...edges.map((edge) => {
      const ends = `${numbers.get(edge.from)} -> ${numbers.get(edge.to)}`;
      const style = `color="${COLORS[toneOf(edge)]}", penwidth=${widthOf(edge)}`;
      return `  ${ends} [label=${quoted(edgeText(edge))}, ${style}];`;
    }),
    '}',
  ];
  return `${lines.join('\n')}\n`;
}

/** In a label a backslash begins an escape too, such as `\N` for the name of the node. */
function quoted(lines: readonly string[]): string {
  return `"${lines.map((line) => line.replaceAll('\\', '\\\\').replaceAll('"', '\\"')).join('\\n')}"`;
}
