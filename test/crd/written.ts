import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { API_VERSION } from '../../src/document/schema.ts';

type Json = Readonly<Record<string, unknown>>;

const root = join(import.meta.dirname, '../..');

/** Every document that stands in the pages and in the folder of samples, as it is written, and where. */
export function writtenDocuments(): readonly { readonly where: string; readonly document: Json }[] {
  const pages = readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.md'),
  );
  const texts = [
    ...pages.flatMap((name) => {
      const text = readFileSync(join(root, 'docs', name), 'utf8');
      return [...text.matchAll(/^( *)```yaml\n([\s\S]*?)^ *```/gm)].map(([, indent = '', block = '']) => ({
        where: `docs/${name}`,
        text: block.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
      }));
    }),
    ...readdirSync(join(root, 'policies')).map((name) => ({
      where: `policies/${name}`,
      text: readFileSync(join(root, 'policies', name), 'utf8'),
    })),
  ];
  return texts.flatMap(({ where, text }) =>
    parseAllDocuments(text)
      .filter((each) => each.errors.length === 0)
      .map((each) => each.toJS() as unknown)
      .filter((value): value is Json => (value as Json | null)?.['apiVersion'] === API_VERSION)
      .map((document) => ({ where, document })),
  );
}
