import type { ClientApplication, SecretHash } from '../contract/contract.ts';
import { ExpiringClient } from '../contract/expiry.ts';
import { parseSecretHash } from '../contract/secret.ts';
import { nameOf } from './api-key-schema.ts';
import { readKeys } from './api-keys.ts';
import { Claims } from './claims.ts';
import type { Changes } from './document-index.ts';
import type { Faults } from './fault.ts';
import type { Issue } from './issues.ts';
import { addIssues, whereIs } from './load.ts';
import type { Loaded } from './load.ts';
import { qualifiedName } from './names.ts';
import { PrincipalClaims } from './principals.ts';
import { isPublished, PUBLISHED_SECRET } from './published-secrets.ts';
import { readSecret } from './secret-source.ts';
import type { SecretReader } from './secret-source.ts';
import type { VersionDigest } from './version.ts';
import type { Warnings } from './warnings.ts';

type ClientDocument = Loaded<'ClientApplication'>;

interface CompiledClient {
  readonly client: ClientApplication;
  /** What the version of the documents covers. */
  readonly content: readonly unknown[];
  /** Digests of secrets that stood in plain text. */
  readonly secrets: readonly Buffer[];
}

const NO_SECRETS: readonly Buffer[] = [];

/**
 * Client applications by qualified name. Each is compiled from its own document only; secrets are hashed and
 * forgotten.
 */
export class ClientStage {
  readonly #version: VersionDigest;
  readonly #now: () => number;
  readonly #clients = new Map<string, CompiledClient>();
  readonly #ids = new Claims<ClientDocument>();
  readonly #keys = new Claims<ClientDocument>();
  readonly #principals = new PrincipalClaims();
  /** Those with an API key of another form, and its place in their list. */
  readonly #brought = new Map<ClientDocument, number>();
  readonly #issues = new Map<ClientDocument, readonly Issue[]>();
  readonly #warnings = new Map<ClientDocument, readonly Issue[]>();

  /** @param now milliseconds since the Unix epoch */
  constructor(version: VersionDigest, now: () => number) {
    this.#version = version;
    this.#now = now;
  }

  get size(): number {
    return this.#clients.size;
  }

  client(name: string): ClientApplication | undefined {
    return this.#clients.get(name)?.client;
  }

  *all(): Iterable<ClientApplication> {
    for (const { client } of this.#clients.values()) yield client;
  }

  /** Makes those that have changed. @returns their qualified names */
  async take(
    changes: Changes,
    reader: SecretReader,
    yieldIfDue: () => Promise<void> | undefined,
  ): Promise<ReadonlySet<string>> {
    const changed = new Set<string>();
    for (const loaded of changes.removals('ClientApplication')) changed.add(this.#remove(loaded));
    for (const loaded of changes.upserts('ClientApplication')) {
      const { metadata, spec } = loaded.document;
      const name = qualifiedName(metadata);
      // Most clients have only a hash, and 100,000 promises would be expensive.
      const single = spec.clientSecret;
      if (single !== undefined && isPublished(single, undefined))
        this.#warnings.set(loaded, [published(['clientSecret'])]);
      const { hashes, contents, secrets, apiKeys, expiring } =
        single !== undefined && 'sha256' in single && single.expires === undefined && spec.apiKeys === undefined
          ? {
              hashes: [parseSecretHash(single)],
              contents: [single.salt, single.sha256],
              secrets: NO_SECRETS,
              apiKeys: undefined,
              expiring: undefined,
            }
          : await this.#readSecrets(loaded, reader);
      const { clientId, issuers, principals } = spec;
      const told = { ...(issuers && { issuers }), ...(principals && { principals }) };
      const content = [metadata.labels, clientId, ...contents, ...(Object.keys(told).length === 0 ? [] : [told])];
      const more = { ...(apiKeys && { apiKeys }), ...(issuers && { issuers: new Set(issuers) }) };
      const lasting = { name, clientId, secrets: hashes, ...more, ...(principals && { principals }) };
      const client = expiring === undefined ? lasting : new ExpiringClient(lasting, expiring, this.#now);
      this.#clients.set(name, { client, content, secrets });
      this.#ids.claim(clientId, loaded);
      if (principals !== undefined) this.#principals.add(loaded);
      for (const key of spec.apiKeys ?? []) this.#keys.claim(nameOf(key), loaded);
      const brought = spec.apiKeys?.findIndex((key) => 'hmac' in key) ?? -1;
      if (brought >= 0) this.#brought.set(loaded, brought);
      this.#version.add('ClientApplication', name, content);
      changed.add(name);
      const pause = yieldIfDue();
      if (pause !== undefined) await pause;
    }
    return changed;
  }

  tellFaults(faults: Faults): void {
    for (const [{ place }, issues] of this.#issues) addIssues(faults, place, issues);
    for (const { claimant, holder } of this.#ids.contested()) {
      const message = `another client application has this client id: ${whereIs(holder)}`;
      addIssues(faults, claimant.place, [{ path: ['spec', 'clientId'], at: 'value', message }]);
      faults.addRival(holder.place);
    }
    this.#principals.tellFaults(faults);
    for (const { key, claimant, holder } of this.#keys.contested()) {
      const index = claimant.document.spec.apiKeys?.findIndex((each) => nameOf(each) === key) ?? 0;
      const message = `another client application has this API key: ${whereIs(holder)}`;
      addIssues(faults, claimant.place, [{ path: ['spec', 'apiKeys', index], at: 'value', message }]);
      faults.addRival(holder.place);
    }
  }

  /** @param knowsBrought whether API keys of another form can be verified */
  tellWarnings(warnings: Warnings, knowsBrought: boolean): void {
    for (const [{ place }, issues] of this.#warnings) warnings.add(place, issues);
    if (knowsBrought) return;
    for (const [loaded, index] of this.#brought) warnings.add(loaded.place, [untold(index)]);
  }

  #remove(loaded: ClientDocument): string {
    const name = qualifiedName(loaded.document.metadata);
    const known = this.#clients.get(name);
    this.#clients.delete(name);
    this.#ids.release(loaded.document.spec.clientId, loaded);
    if (loaded.document.spec.principals !== undefined) this.#principals.remove(loaded);
    for (const key of loaded.document.spec.apiKeys ?? []) this.#keys.release(nameOf(key), loaded);
    this.#issues.delete(loaded);
    this.#warnings.delete(loaded);
    this.#brought.delete(loaded);
    if (known !== undefined) {
      this.#version.remove('ClientApplication', name, known.content);
      for (const secret of known.secrets) this.#version.removeSecret(secret);
    }
    return name;
  }

  async #readSecrets(loaded: ClientDocument, reader: SecretReader) {
    const { document, place } = loaded;
    const { clientSecret, clientSecrets = [], apiKeys } = document.spec;
    const file = 'resource' in place ? undefined : place.source.file;
    const name = qualifiedName(document.metadata);
    const hashes: SecretHash[] = [];
    const expiries: number[] = [];
    const contents: unknown[] = [];
    const secrets: Buffer[] = [];
    const issues: Issue[] = [];
    const warnings: Issue[] = [];
    for (const [index, source] of (clientSecret === undefined ? clientSecrets : [clientSecret]).entries()) {
      const field = clientSecret === undefined ? ['clientSecrets', index] : ['clientSecret'];
      const read = await readSecret(source, file, reader);
      if ('hash' in read) {
        if (isPublished(source, 'plain' in read ? read.plain : undefined)) warnings.push(published(field));
        if (read.note !== undefined) warnings.push({ path: ['spec', ...field], at: 'value', message: read.note });
        hashes.push(read.hash);
        expiries.push(source.expires === undefined ? Infinity : Date.parse(source.expires));
        if ('written' in read) contents.push(read.written);
        else secrets.push(this.#version.addSecret(`${name}/${index}`, read.plain));
      } else {
        issues.push({ path: ['spec', ...field, ...read.path], at: 'value', message: read.message });
      }
    }
    const keys = apiKeys === undefined ? undefined : await readKeys(apiKeys, file, reader);
    if (keys !== undefined) {
      contents.push({ apiKeys: keys.contents });
      issues.push(...keys.issues);
      warnings.push(...keys.warnings);
      for (const [id, secret] of keys.plain) secrets.push(this.#version.addSecret(`${name}/key/${id}`, secret));
    }
    if (issues.length > 0) this.#issues.set(loaded, issues);
    if (warnings.length > 0) this.#warnings.set(loaded, warnings);
    const ends = expiries.some((each) => each !== Infinity);
    // Infinity is null in JSON.
    if (ends) contents.push({ expires: expiries });
    const expiring = ends ? hashes.map((hash, at) => ({ hash, expiresAt: expiries[at] as number })) : undefined;
    return { hashes, contents, secrets, apiKeys: keys?.keys, expiring };
  }
}

function published(field: readonly PropertyKey[]): Issue {
  return { path: ['spec', ...field], at: 'key', message: PUBLISHED_SECRET };
}

function untold(index: number): Issue {
  const message = 'is refused by a service without --api-key-hmac-file: give it the key under which this was made';
  return { path: ['spec', 'apiKeys', index, 'hmac'], at: 'value', message };
}
