import { GraphNode_Kind as Kind } from '../../../gen/ostiary/v1/analytics_pb.js';
import type { GraphResponse } from '../../../gen/ostiary/v1/analytics_pb.js';
import { edgeText, nodeText, toneOf } from './graph-text.ts';
import type { Tone } from './graph-text.ts';

const SHAPES: ReadonlyMap<Kind, readonly [string, string]> = new Map([
  [Kind.CLIENT, ['([', '])']],
  [Kind.API, ['[[', ']]']],
  [Kind.SERVICE, ['[', ']']],
  [Kind.WORKLOAD, ['{{', '}}']],
]);
const COLORS: Readonly<Record<Tone, string>> = { good: '#4a6a8a', denied: '#b7791f', failing: '#c53030' };

/** A flowchart of Mermaid (https://mermaid.js.org/syntax/flowchart.html). */
export function toMermaid({ nodes, edges }: GraphResponse): string {
  const numbers = new Map(nodes.map(({ id }, at) => [id, `n${at + 1}`]));
  const styles = (['denied', 'failing'] as const).flatMap((tone) => {
    const of = edges.flatMap((edge, at) => (toneOf(edge) === tone ? [at] : []));
    return of.length === 0 ? [] : [`  linkStyle ${of.join(',')} stroke:${COLORS[tone]}`];
  });
  const lines = [
    'flowchart LR',
    ...nodes.map((node) => {
      const [open, close] = SHAPES.get(node.kind) ?? ['[', ']'];
      return `  ${numbers.get(node.id)}${open}${quoted(nodeText(node))}${close}`;
    }),
    ...edges.map((edge) => `  ${numbers.get(edge.from)} -->|${quoted(edgeText(edge))}| ${numbers.get(edge.to)}`),
    ...styles,
  ];
  return `${lines.join('\n')}\n`;
}

/**
 * Letters and digits as they are; all else as the number of its character, which is never syntax, Markdown or HTML. A list
 * of Markdown begins with a hyphen, or a digit and a full stop.
 */
function quoted(lines: readonly string[]): string {
  const escaped = lines.map((line) =>
    line.replace(/^-|\.(?= )|[^\p{L}\p{N} .,:/()%-]/gu, (character) => `#${character.codePointAt(0)};`),
  );
  return `"${escaped.join('<br/>')}"`;
}
