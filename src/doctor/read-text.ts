import { parseDocument } from 'yaml';
import { locateInJson } from '../document/text/json.ts';
import { splitYaml } from '../document/text/yaml-split.ts';
import { locateInYaml } from '../document/text/yaml.ts';
import { isMessage } from '../generate/envoy-value.ts';
import type { Path } from '../generate/envoy-value.ts';

export type AnyDocument =
  | { readonly value: unknown; readonly locate: (path: Path) => number }
  | { readonly fault: string; /** Its offset. */ readonly at: number };

/** The documents of a YAML or JSON text. Larger than our own may be, and with aliases: a dump of a proxy has megabytes. */
export function* documentsIn(text: string): Generator<AnyDocument> {
  if (/^\s*[{[]/.test(text)) {
    const value = parsedJson(text);
    if (value !== undefined) {
      const start = text.search(/\S/);
      yield {
        value: isMessage(value) ? value : { items: value },
        locate: (path) => locateInJson(text, start, path, 'key'),
      };
      return;
    }
  }
  for (const { start, end } of splitYaml(text)) {
    const part = text.slice(start, end);
    const document = parseDocument(part, { prettyErrors: false, logLevel: 'silent' });
    const [error] = document.errors;
    if (error === undefined) {
      let locate: ReturnType<typeof locateInYaml> | undefined;
      yield {
        value: document.toJS(),
        // Composed a second time only where something is found.
        locate: (path) => start + (locate ??= locateInYaml(part))(path, 'key'),
      };
    } else yield { fault: `not valid YAML: ${error.message.split(/:|\n/, 1)[0]}`, at: start + error.pos[0] };
  }
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
