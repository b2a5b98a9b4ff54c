import { isPublicText } from '../jwt/text-key.ts';

/** With HMAC, the key that verifies a token makes tokens too. */
export function sharedKeysIn({ textKey, issuers }: Readonly<Record<string, unknown>>): readonly PropertyKey[][] {
  const entries: readonly unknown[] = Array.isArray(issuers) ? issuers : [];
  return [
    ...(isSecretKey(textKey) ? [['textKey']] : []),
    ...entries.flatMap((entry, index) => {
      return isSecretKey((Object(entry) as { textKey?: unknown }).textKey) ? [['issuers', index, 'textKey']] : [];
    }),
  ];
}

/** The algorithms do not tell it: they may be variables. */
function isSecretKey(textKey: unknown): boolean {
  if (textKey === undefined || textKey === '') return false;
  return typeof textKey !== 'string' || !isPublicText(textKey);
}
