// Writes charts/ostiary/README.md from the comments of values.yaml: `node test/chart/readme.ts`.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isMap, isScalar, parseDocument } from 'yaml';
import type { YAMLMap } from 'yaml';

const chart = join(import.meta.dirname, '../../charts/ostiary');
export const readmePath = join(chart, 'README.md');

/** The README of the chart: how to install it, and a table of all values with their defaults and comments. */
export function chartReadme(): string {
  const values = parseDocument(readFileSync(join(chart, 'values.yaml'), 'utf8')).contents;
  const rows = isMap(values) ? [...rowsOf(values, '')] : [];
  return `# ostiary

External authorization for Envoy: one deployment that answers the Checks of every gateway, waypoint and sidecar, or the
documents and EnvoyFilters for pods that have a sidecar of their own.

Build the image from the [Dockerfile](../../Dockerfile), push it, and name it; \`orders.yaml\` holds your documents:

\`\`\`sh
helm install ostiary charts/ostiary --namespace ostiary --create-namespace \\
  --set image.repository=registry.example.com/ostiary --set-file 'policies.inline.orders\\.yaml=orders.yaml'
helm test ostiary --namespace ostiary --logs
\`\`\`

A control plane for many teams: \`control.enabled\`, see [docs/install/control-plane.md](../../docs/install/control-plane.md).

If documents use \`$NAME\`, set \`secrets.env\`: without the variable the pods do not start. How to put ostiary in front of your APIs:
[docs/install](../../docs/install/README.md). Without Helm: \`ostiary generate --help\`.

## Values

| value | default | meaning |
|---|---|---|
${rows.join('\n')}
`;
}

function* rowsOf(map: YAMLMap, prefix: string): Generator<string> {
  for (const { key, value } of map.items) {
    if (!isScalar(key)) continue;
    const path = `${prefix}${String(key.value)}`;
    const above = key.commentBefore ?? (map.items[0]?.key === key ? map.commentBefore : undefined);
    const comment = commentOf(above ?? '');
    if (isMap(value) && value.items.length > 0 && comment === '') {
      yield* rowsOf(value, `${path}.`);
    } else {
      const shown = JSON.stringify((value as { toJSON(): unknown } | null)?.toJSON() ?? null);
      yield `| \`${path}\` | \`${shown.replaceAll('|', '\\|')}\` | ${comment} |`;
    }
  }
}

/** The comment from its last `--` on, joined to one line. */
function commentOf(text: string): string {
  const at = text.lastIndexOf(' -- ');
  if (at < 0) return '';
  const lines = text.slice(at + 4).split('\n');
  return lines
    .map((line) => line.trim())
    .join(' ')
    .replaceAll('|', '\\|');
}

if (import.meta.main) writeFileSync(readmePath, chartReadme());
