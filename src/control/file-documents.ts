import { valueIn, withValueAt } from '../document/environment.ts';
import { isRecord } from '../document/load.ts';
import type { RegisteredKind } from '../policies/environment.ts';
import { admit } from './incoming.ts';

type Json = Readonly<Record<string, unknown>>;

/**
 * In place of what may not leave the file. It is a variable that nobody sets, so that another sidecar, which can't know the
 * secret, holds the document back rather than to take this text for it.
 */
const KEPT = '$OSTIARY_KEPT_IN_ITS_FILE';
/** A reference to a variable or a Secret, as the whole of a text, says nothing of its value. */
const REFERENCE = /^\$(?:[A-Za-z_][A-Za-z0-9_]*|\{(?:[A-Za-z_][A-Za-z0-9_]*|secret:[A-Za-z0-9._/-]*)\})$/;

/**
 * A document that stands in a file, as the log may keep it: secrets that are compared become salted hashes, and others stay
 * in the file. What it reads from variables and files is named, and not read.
 * @param before the document in the log: a secret that is the same keeps its hash
 */
export function fileDocument(written: unknown, before: unknown, kinds: ReadonlyMap<string, RegisteredKind>): unknown {
  if (!isRecord(written)) return written;
  const { kind, spec } = written;
  if (!isRecord(spec)) return written;
  if (kind === 'Secret') return { ...written, spec: withoutValues(spec) };
  if (kind === 'ClientApplication') {
    const { document } = admit(written, { document: before }, { policyKinds: kinds, vault: undefined });
    return { ...document, spec: withoutValues(document['spec']) };
  }
  if (kind === 'Webhook') {
    const { signingSecret, url, format } = spec;
    return {
      ...written,
      spec: {
        ...spec,
        ...(isRecord(url) && { url: withoutValues(url) }),
        // Whoever knows such a URL may post there.
        ...(format === 'slack' && typeof url === 'string' && { url: referenceOf(url) }),
        ...(signingSecret !== undefined && { signingSecret: withoutValues(signingSecret) }),
      },
    };
  }
  return { ...written, spec: withoutOptions(spec, kinds) };
}

/** Every `value`, at any depth. */
function withoutValues(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(withoutValues);
  if (!isRecord(node)) return node;
  return Object.fromEntries(
    Object.entries(node).map(([key, item]) => [key, key === 'value' ? referenceOf(item) : withoutValues(item)]),
  );
}

/** The secret options of policies, at any depth: groups have policies in them. */
function withoutOptions(node: unknown, kinds: ReadonlyMap<string, RegisteredKind>): unknown {
  if (Array.isArray(node)) return node.map((item) => withoutOptions(item, kinds));
  if (!isRecord(node)) return node;
  const { policyRef, config } = node;
  if (isRecord(policyRef) && isRecord(config)) {
    const kind = kinds.get(String(policyRef['name']));
    return { ...node, config: withoutSecretsOf(kind, config) };
  }
  return Object.fromEntries(Object.entries(node).map(([key, item]) => [key, withoutOptions(item, kinds)]));
}

function withoutSecretsOf(kind: RegisteredKind | undefined, config: Json): Json {
  const fields = kind?.secretFields ?? [];
  let kept: unknown = Object.fromEntries(
    Object.entries(config).map(([key, item]) => {
      return [key, fields.includes(key) && item !== '' ? referenceOf(item) : item];
    }),
  );
  for (const path of kind?.secretPlaces?.(config) ?? [])
    kept = withValueAt(kept, path, referenceOf(valueIn(config, path)));
  return kept as Json;
}

function referenceOf(value: unknown): string {
  return typeof value === 'string' && REFERENCE.test(value) ? value : KEPT;
}
