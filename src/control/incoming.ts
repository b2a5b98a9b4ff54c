import { hashSecret, formatSecretHash, isSecret, parseSecretHash } from '../contract/secret.ts';
import { resolveVariables } from '../document/environment.ts';
import type { Issue } from '../document/issues.ts';
import { isRecord } from '../document/load.ts';
import { isPublished, PUBLISHED_SECRET } from '../document/published-secrets.ts';
import type { RegisteredKind } from '../policies/environment.ts';

type Json = Readonly<Record<string, unknown>>;

/** A document as the log may keep it. */
export interface Admitted {
  readonly document: Json;
  /** If there is one, the document must not be kept. */
  readonly issues: readonly Issue[];
  readonly warnings: readonly Issue[];
}

const NO_VARIABLES =
  'documents of the control plane read no environment variables and no files: whoever writes one could read the secrets of a sidecar';
const KEEP_LOCAL =
  'would be kept in plain text in the log, for good: keep this policy in a document in a folder of the sidecar, as $NAME';

/**
 * Makes a document fit for the log, which keeps everything for good: secrets that are compared become salted hashes, and other
 * secrets are refused.
 * @param before the document in the log: a secret that is the same keeps its hash
 */
export function admit(document: Json, before: unknown, kinds: ReadonlyMap<string, RegisteredKind>): Admitted {
  const issues: Issue[] = [];
  const warnings: Issue[] = [];
  const { kind, spec } = document;
  if (!isRecord(spec)) return { document, issues, warnings };
  if (kind === 'ClientApplication') {
    return { document: { ...document, spec: hashed(spec, before, issues, warnings) }, issues, warnings };
  }
  if (kind === 'Webhook') refuseWebhookSecrets(spec, issues);
  refusePolicySecrets(spec, ['spec'], kinds, issues);
  return { document, issues, warnings };
}

function hashed(spec: Json, before: unknown, issues: Issue[], warnings: Issue[]): Json {
  const known = knownHashes(before);
  const one = (source: unknown, path: readonly PropertyKey[], prefix: string): unknown => {
    if (!isRecord(source)) return source;
    if ('file' in source) {
      issues.push({ path: [...path, 'file'], at: 'key', message: `${NO_VARIABLES}. Give value, or salt and sha256` });
      return source;
    }
    const { value, ...rest } = source;
    if (typeof value !== 'string') return source;
    const secret = literal(value);
    if (secret === undefined) {
      issues.push({ path: [...path, 'value'], at: 'value', message: `${NO_VARIABLES}. A first "$" is written "$$"` });
      return source;
    }
    const plain = secret.startsWith(prefix) ? secret.slice(prefix.length) : secret;
    // The schema tells.
    if (plain === '') return source;
    if (isPublished({ value: plain }, plain)) warnings.push({ path, at: 'key', message: PUBLISHED_SECRET });
    const same = known.find((hash) => isSecret(parseSecretHash(hash), plain));
    return { ...rest, ...(same ?? formatSecretHash(hashSecret(plain))) };
  };
  const { clientSecret, clientSecrets, apiKeys } = spec;
  return {
    ...spec,
    ...(clientSecret !== undefined && { clientSecret: one(clientSecret, ['spec', 'clientSecret'], '') }),
    ...(Array.isArray(clientSecrets) && {
      clientSecrets: clientSecrets.map((each, at) => one(each, ['spec', 'clientSecrets', at], '')),
    }),
    ...(Array.isArray(apiKeys) && {
      apiKeys: apiKeys.map((each, at) => {
        return one(each, ['spec', 'apiKeys', at], `${isRecord(each) ? String(each['id']) : ''}.`);
      }),
    }),
  };
}

interface WrittenHash {
  readonly salt: string;
  readonly sha256: string;
}

/** All salted hashes of the client application as it is in the log. */
function knownHashes(before: unknown): readonly WrittenHash[] {
  const spec = isRecord(before) && isRecord(before['spec']) ? before['spec'] : {};
  const sources = [spec['clientSecret'], spec['clientSecrets'], spec['apiKeys']].flat();
  return sources.flatMap((source) => {
    if (!isRecord(source)) return [];
    const { salt, sha256 } = source;
    return typeof salt === 'string' && typeof sha256 === 'string' ? [{ salt, sha256 }] : [];
  });
}

/** The text that is written; undefined if it is, or has in it, a variable. */
function literal(written: string): string | undefined {
  const { value, issues } = resolveVariables(written, {});
  return issues.length === 0 ? String(value) : undefined;
}

/** Options of policies that hold a secret, at any depth: groups have policies in them. */
function refusePolicySecrets(
  node: unknown,
  path: readonly PropertyKey[],
  kinds: ReadonlyMap<string, RegisteredKind>,
  issues: Issue[],
): void {
  if (Array.isArray(node)) return node.forEach((item, at) => refusePolicySecrets(item, [...path, at], kinds, issues));
  if (!isRecord(node)) return;
  const { policyRef, config } = node;
  if (isRecord(policyRef) && isRecord(config)) {
    const kind = kinds.get(String(policyRef['name']));
    for (const field of kind?.secretFields ?? []) {
      if (config[field] === undefined || config[field] === '') continue;
      issues.push({ path: [...path, 'config', field], at: 'key', message: KEEP_LOCAL });
    }
    return;
  }
  for (const [key, item] of Object.entries(node)) refusePolicySecrets(item, [...path, key], kinds, issues);
}

function refuseWebhookSecrets({ url, signingSecret }: Json, issues: Issue[]): void {
  const message = 'would be kept in plain text in the log, for good: webhooks with secrets stay in a folder for now';
  if (isRecord(url)) issues.push({ path: ['spec', 'url'], at: 'key', message: NO_VARIABLES });
  if (signingSecret !== undefined) issues.push({ path: ['spec', 'signingSecret'], at: 'key', message });
}
