import { hash } from 'node:crypto';
import { formatSecretHash, hashSecret } from '../contract/secret.ts';
import { formatPath } from '../document/issues.ts';
import { isObject, without } from './json.ts';
import type { Json } from './json.ts';
import { invalid, secretNotFound } from './object-fault.ts';
import type { ObjectFault } from './object-fault.ts';
import { secretRef } from './secret-ref.ts';
import type { SecretRef } from './secret-ref.ts';

/** What a key of a Secret of the object's own namespace holds, decoded; or why it is not known. */
export type ResolveSecret = (ref: SecretRef) => { readonly text: string } | { readonly problem: string };

export interface SecretReading {
  readonly resolve: ResolveSecret;
  /** Of the object: salts are made of it, so that the same secret has the same hash each time. */
  readonly uid: string;
  /** Each Secret that is named, found or not: the object depends on it. */
  readonly used: SecretRef[];
  readonly faults: ObjectFault[];
}

/** The secrets of a client application: those in Secrets are hashed, and reach no document in plain text. */
export function withHashes(spec: Json, reading: SecretReading): Json {
  const { clientSecret, clientSecrets, apiKeys } = spec;
  const list = (items: unknown, field: string, prefixOf: (item: Json) => string): unknown =>
    Array.isArray(items)
      ? items.map((item: unknown, at) =>
          isObject(item) ? hashed(item, ['spec', field, at], prefixOf(item), reading) : item,
        )
      : items;
  return {
    ...spec,
    ...(isObject(clientSecret) && { clientSecret: hashed(clientSecret, ['spec', 'clientSecret'], '', reading) }),
    ...(clientSecrets !== undefined && { clientSecrets: list(clientSecrets, 'clientSecrets', () => '') }),
    // A Secret may hold the whole key, as its client has it, or what follows the dot.
    ...(apiKeys !== undefined && { apiKeys: list(apiKeys, 'apiKeys', ({ id }) => `${String(id)}.`) }),
  };
}

function hashed(source: Json, path: readonly PropertyKey[], prefix: string, reading: SecretReading): Json {
  if (!Object.hasOwn(source, 'secretRef')) {
    for (const field of ['value', 'file'])
      if (Object.hasOwn(source, field))
        reading.faults.push(
          invalid(formatPath([...path, field]), 'is not for objects: write the secret to a Secret, and secretRef here'),
        );
    return source;
  }
  const beside = ['salt', 'sha256', 'hmac', 'value', 'file'].find((field) => Object.hasOwn(source, field));
  if (beside !== undefined) {
    reading.faults.push(invalid(formatPath([...path, beside]), 'contradicts secretRef: remove one of the two'));
    return source;
  }
  const at = formatPath([...path, 'secretRef']);
  const read = secretRef.safeParse(source['secretRef']);
  if (!read.success) {
    reading.faults.push(invalid(at, 'expected name and key of a Secret of this namespace'));
    return source;
  }
  reading.used.push(read.data);
  const found = reading.resolve(read.data);
  if ('problem' in found) {
    reading.faults.push(secretNotFound(at, found.problem));
    return source;
  }
  const written = found.text.replace(/\r?\n$/, '');
  const secret = written.startsWith(prefix) ? written.slice(prefix.length) : written;
  if (secret === '') {
    reading.faults.push(secretNotFound(at, `the key ${read.data.key} of the Secret ${read.data.name} is empty`));
    return source;
  }
  return { ...without(source, 'secretRef'), ...formatSecretHash(hashSecret(secret, saltOf(reading.uid, read.data))) };
}

/** No other secret has the same. It stays what it is, so that a document changes only when its secret does. */
function saltOf(uid: string, { name, key }: SecretRef): Uint8Array {
  const text = hash('sha256', JSON.stringify(['ostiary salt', uid, name, key]));
  return Buffer.from(text.slice(0, 32), 'latin1');
}
