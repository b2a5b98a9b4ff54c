import { isRecord } from '../document/load.ts';
import { valueAt } from './facts.ts';
import type { Json } from './editing.ts';

/** A secret of a client application as the log keeps it. */
export interface KeptSecret {
  readonly salt: string;
  readonly sha256: string;
  /** RFC 3339; absent: it does not end. */
  readonly expires?: string;
}

/** Those that are valid, the newest first. */
export interface ValidSecrets {
  readonly newest: KeptSecret | undefined;
  readonly older: readonly KeptSecret[];
}

/** @param nowMs milliseconds since the Unix epoch */
export function validSecretsOf(application: unknown, nowMs: number): ValidSecrets {
  const written = [
    valueAt(application, ['spec', 'clientSecret']),
    valueAt(application, ['spec', 'clientSecrets']),
  ].flat();
  const valid = written.flatMap((each): readonly KeptSecret[] => {
    if (!isRecord(each)) return [];
    const { salt, sha256, expires } = each;
    if (typeof salt !== 'string' || typeof sha256 !== 'string') return [];
    if (typeof expires !== 'string') return [{ salt, sha256 }];
    return Date.parse(expires) > nowMs ? [{ salt, sha256, expires }] : [];
  });
  // A rotation gives the one before an end.
  const newest = valid.find(({ expires }) => expires === undefined) ?? valid[0];
  return { newest, older: valid.filter((each) => each !== newest) };
}

/** How many are valid, those too that sidecars read elsewhere. @param nowMs milliseconds since the Unix epoch */
export function countCredentials(
  application: unknown,
  nowMs: number,
): { readonly secrets: number; readonly keys: number } {
  const count = (...fields: readonly string[]): number => {
    const written = fields.flatMap((field) => [valueAt(application, ['spec', field])].flat());
    return written.filter(isRecord).filter(({ expires }) => typeof expires !== 'string' || Date.parse(expires) > nowMs)
      .length;
  };
  return { secrets: count('clientSecret', 'clientSecrets'), keys: count('apiKeys') };
}

/** The document without any secret and API key. */
export function withoutCredentials(application: Json): Json {
  const { apiKeys: _keys, ...spec } = application['spec'] as Json;
  return withSecrets({ ...application, spec }, []);
}

/** The document with these secrets, the newest first, in place of those that it has. */
export function withSecrets(application: Json, secrets: readonly KeptSecret[]): Json {
  const { clientSecret: _one, clientSecrets: _several, ...spec } = application['spec'] as Json;
  const [only, ...others] = secrets;
  if (only === undefined) return { ...application, spec };
  return {
    ...application,
    spec: { ...spec, ...(others.length === 0 ? { clientSecret: only } : { clientSecrets: secrets }) },
  };
}

/**
 * The secrets after a rotation.
 * @returns a text: why there can be none, and what to do
 */
export function rotated(
  { newest, older }: ValidSecrets,
  made: KeptSecret,
  { graceMs, nowMs }: { readonly graceMs: number; readonly nowMs: number },
): readonly KeptSecret[] | string {
  if (newest === undefined || graceMs === 0) return [made];
  const [old] = older;
  if (old !== undefined) {
    return `has two valid secrets already, ${endOf(old)}: end the old one first (or the new one, if it was lost), or rotate without a grace, which ends both`;
  }
  const endMs = Math.min(nowMs + graceMs, newest.expires === undefined ? Infinity : Date.parse(newest.expires));
  return [made, { ...newest, expires: new Date(endMs).toISOString() }];
}

/**
 * The secrets without those that are ended.
 * @returns a text: why nothing can be ended, and what to do
 */
export function ended({ newest, older }: ValidSecrets, which: 'old' | 'new' | 'all'): readonly KeptSecret[] | string {
  if (newest === undefined) return 'has no valid secret: rotate it to make one';
  if (which === 'all') return [];
  if (which === 'new') return older;
  if (older.length > 0) return [newest];
  return 'has one secret, and no old one beside it: rotate it without a grace to replace it at once, or end the new one';
}

function endOf({ expires }: KeptSecret): string {
  return expires === undefined ? 'neither of which ends' : `the old one until ${expires}`;
}
