import { partOf, textOf } from '../generate/envoy-value.ts';
import type { Resource } from './resource.ts';

/** A value of a Secret: from `data`, or `stringData` as files have it. @returns undefined: there is none */
export function decodedOf({ root }: Resource, key: string): string | undefined {
  const plain = textOf(partOf(root, 'stringData'), key);
  if (plain !== '') return plain;
  const encoded = textOf(partOf(root, 'data'), key);
  return encoded === '' ? undefined : Buffer.from(encoded, 'base64').toString('utf8');
}
