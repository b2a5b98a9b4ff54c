import type { Converted } from '../../import/anypoint/convert.ts';
import { fileName } from '../export/file-names.ts';
import { yamlText } from '../platform/yaml-text.ts';

/** A file for each API with its contracts, one for each application, and one for the rest. */
export function textsOf({ documents, kept }: Converted): ReadonlyMap<string, string> {
  const files = new Map<string, string>();
  for (const document of [...documents, ...kept]) {
    const { namespace = 'default', name = '' } = Object(document['metadata']) as { namespace?: string; name?: string };
    const api = document['kind'] === 'Contract' ? (document['spec'] as { api?: string }).api : undefined;
    const folder = `${String(document['kind']).toLowerCase()}s`;
    const path = `${fileName(namespace)}/${folder}/${fileName(api ?? name)}.yaml`;
    files.set(path, `${files.get(path) ?? ''}---\n${yamlText(document)}`);
  }
  return files;
}
