import { isPublicText } from '../jwt/text-key.ts';

type Options = Readonly<Record<string, unknown>>;

/** With HMAC, the key that verifies a token makes tokens too. */
export function sharedKeysIn(options: Options): readonly PropertyKey[][] {
  return placesOfTextKeys(options, isSecretKey);
}

/** Where the options, or those of an issuer, hold a key that is meant. */
export function placesOfTextKeys(
  { textKey, issuers }: Options,
  isMeant: (textKey: unknown) => boolean,
): readonly PropertyKey[][] {
  const entries: readonly unknown[] = Array.isArray(issuers) ? issuers : [];
  return [
    ...(isMeant(textKey) ? [['textKey']] : []),
    ...entries.flatMap((entry, index) => {
      return isMeant((Object(entry) as { textKey?: unknown }).textKey) ? [['issuers', index, 'textKey']] : [];
    }),
  ];
}

/** The algorithms do not tell it: they may be variables. */
function isSecretKey(textKey: unknown): boolean {
  if (textKey === undefined || textKey === '') return false;
  return typeof textKey !== 'string' || !isPublicText(textKey);
}
