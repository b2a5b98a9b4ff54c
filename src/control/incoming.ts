import { hashSecret, formatSecretHash, isSecret, parseSecretHash } from '../contract/secret.ts';
import { valueIn } from '../document/environment.ts';
import type { Issue } from '../document/issues.ts';
import { isRecord } from '../document/load.ts';
import { literalOf, plainTexts, secretMembers } from '../document/plain-secrets.ts';
import { isPublished, PUBLISHED_SECRET } from '../document/published-secrets.ts';
import type { RegisteredKind } from '../policies/environment.ts';
import type { Resource } from '../registry/log.ts';
import { admitSecret } from './admit-secret.ts';
import type { Admitted } from './admitted.ts';
import type { SecretVault } from './secret-vault.ts';

type Json = Readonly<Record<string, unknown>>;

const PLAIN =
  'would be kept in plain text in the log, for good: write the value to a Secret, and ${secret:NAME/KEY} here, or read it at each sidecar by $NAME';

const BESIDE =
  'has text beside what is read from elsewhere, or begins with "$" and is none: it would be kept in plain text in the log, for good. Write all of it, where a first "$" is "$$", or read all of it';

type Before = Pick<Resource, 'document' | 'declared'> | undefined;

export interface AdmissionPorts {
  readonly policyKinds: ReadonlyMap<string, RegisteredKind>;
  /** Undefined: there is no key, and no Secret. */
  readonly vault: SecretVault | undefined;
}

/**
 * Makes a document fit for the log, which keeps everything for good: secrets that are compared become salted hashes, and other
 * secrets are refused.
 * @param before what the log has: a secret that is the same keeps its hash
 */
export function admit(document: Json, before: Before, { policyKinds: kinds, vault }: AdmissionPorts): Admitted {
  if (document['kind'] === 'Secret') return admitSecret(document, before?.document, vault);
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

function hashed(spec: Json, before: Before, issues: Issue[], warnings: Issue[]): Json {
  const known = knownHashes(before);
  const one = (source: unknown, path: readonly PropertyKey[], prefix: string): unknown => {
    if (!isRecord(source)) return source;
    const { value, ...rest } = source;
    if (typeof value !== 'string') return source;
    const secret = literalOf(value);
    // Sidecars read it.
    if (secret === undefined) {
      const own = value.startsWith(prefix) ? value.slice(prefix.length) : value;
      if (!isReference(own)) issues.push({ path: [...path, 'value'], at: 'key', message: BESIDE });
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

/** All salted hashes of the client application as it is in the log, and as its owner has it. */
function knownHashes(before: Before): readonly WrittenHash[] {
  const spec = isRecord(before?.document) && isRecord(before.document['spec']) ? before.document['spec'] : {};
  const all = [spec, before?.declared ?? {}];
  const sources = ['clientSecret', 'clientSecrets', 'apiKeys']
    .flatMap((field) => all.map((each) => each[field]))
    .flat();
  return sources.flatMap((source) => {
    if (!isRecord(source)) return [];
    const { salt, sha256 } = source;
    return typeof salt === 'string' && typeof sha256 === 'string' ? [{ salt, sha256 }] : [];
  });
}

/** Beside what is read, a secret has the name of a scheme at most, as in `Basic ${…}`, or the prefix of a webhook's. */
function isReference(written: string): boolean {
  if (/^\$[A-Za-z_][A-Za-z0-9_]*$/.test(written)) return true;
  const rest = written.replaceAll(/\$\{(?:[A-Za-z_][A-Za-z0-9_]*|secret:[^{}]*)\}/g, '');
  return rest !== written && /^(?:[A-Za-z]+ |whsec_)?$/.test(rest);
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
      for (const place of plainTexts(config[field], [...path, 'config', field]))
        issues.push({ path: place, at: 'key', message: PLAIN });
      for (const place of halfTexts(config[field], [...path, 'config', field]))
        issues.push({ path: place, at: 'key', message: BESIDE });
    }
    for (const place of kind?.secretPlaces?.(config) ?? []) {
      for (const plain of plainTexts(valueIn(config, place), [...path, 'config', ...place]))
        issues.push({ path: plain, at: 'key', message: `may be a secret, which ${PLAIN}` });
    }
    return;
  }
  for (const [key, item] of Object.entries(node)) refusePolicySecrets(item, [...path, key], kinds, issues);
}

/** The places of texts that are a secret in part, beside a reference. */
function halfTexts(value: unknown, path: readonly PropertyKey[]): readonly (readonly PropertyKey[])[] {
  if (isRecord(value)) {
    return secretMembers(value).flatMap(([field, item]) => halfTexts(item, [...path, field]));
  }
  return typeof value === 'string' && literalOf(value) === undefined && !isReference(value) ? [path] : [];
}

function refuseWebhookSecrets({ signingSecret, url, format }: Json, issues: Issue[]): void {
  // Whoever knows such a URL may post there.
  if (format === 'slack' && typeof url === 'string') {
    for (const path of plainTexts(url, ['spec', 'url']))
      issues.push({ path, at: 'key', message: `is a secret, which ${PLAIN}` });
  }
  const { value } = Object(signingSecret) as Json;
  for (const path of halfTexts(value, ['spec', 'signingSecret', 'value']))
    issues.push({ path, at: 'key', message: BESIDE });
  for (const path of plainTexts(value, ['spec', 'signingSecret', 'value']))
    issues.push({ path, at: 'key', message: PLAIN });
}
