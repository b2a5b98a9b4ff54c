import { hash } from 'node:crypto';
import { placesOfTextKeys } from '../policies/jwt-validation-secrets.ts';
import type { SecretSource } from './schema.ts';

/** As hex of SHA-256 of the secret and of its salted form, those of `policies/`: everybody can read them. */
const PUBLISHED: ReadonlySet<string> = new Set([
  '036a3fd5584b0a1f7170f724bc825a32979ef0cd7b34299e68cb1375f0702cb6',
  'a09084b750747fc8f69748f9393de2cae8e2534570fd4a6212e0626e7bdb5646',
  '018692745aa97017a38b9ecdfe83ce5d0b8737257ac4656907bec79678d2fea7',
  'c0a4d025aa20959a68cdba099d561c8b307f4c4a433dac0a6bb00cf39b47d71c',
]);

/** The sample key of `policies/`, without white space: its token is published beside it, and never ends. */
const PUBLISHED_KEY =
  'MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEDP6F+O02/UplxBvFsKiRp3V8pTsm8v3rpYctG/Rs0LQJkf9bnyAL7eBsg17oSv2KKnd65ql0XbET8qefqguBhA==';

export const PUBLISHED_SECRET =
  'is a sample that is published with the source, so anyone knows it: replace it before you protect anything that matters';

/** @param plain the secret itself, where it is at hand */
export function isPublished(source: SecretSource, plain: string | undefined): boolean {
  if ('sha256' in source) return PUBLISHED.has(source.sha256.toLowerCase());
  return plain !== undefined && PUBLISHED.has(hash('sha256', plain));
}

/** Where the options of a policy hold the sample key. */
export function publishedKeysOf(options: Readonly<Record<string, unknown>>): readonly PropertyKey[][] {
  return placesOfTextKeys(options, isPublishedKey);
}

function isPublishedKey(textKey: unknown): boolean {
  return typeof textKey === 'string' && textKey.replaceAll(/\s/g, '').includes(PUBLISHED_KEY);
}
