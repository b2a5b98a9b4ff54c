import type { ClientApplication, SecretHash } from '../contract/contract.ts';
import { parseSecretHash } from '../contract/secret.ts';
import { Claims } from './claims.ts';
import type { Changes } from './document-index.ts';
import type { Faults } from './fault.ts';
import type { Issue } from './issues.ts';
import { addIssues, whereIs } from './load.ts';
import type { Loaded } from './load.ts';
import { qualifiedName } from './names.ts';
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

/** Client applications by qualified name, each made of its own document alone; secrets are hashed and forgotten. */
export class ClientStage {
  readonly #version: VersionDigest;
  readonly #clients = new Map<string, CompiledClient>();
  readonly #ids = new Claims<ClientDocument>();
  readonly #issues = new Map<ClientDocument, readonly Issue[]>();
  readonly #warnings = new Map<ClientDocument, readonly Issue[]>();

  constructor(version: VersionDigest) {
    this.#version = version;
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
      // Most hold a hash alone: 100,000 promises are worth saving.
      const single = spec.clientSecret;
      if (single !== undefined && isPublished(single, undefined))
        this.#warnings.set(loaded, [published(['clientSecret'])]);
      const { hashes, contents, secrets } =
        single !== undefined && 'sha256' in single
          ? { hashes: [parseSecretHash(single)], contents: [single.salt, single.sha256], secrets: NO_SECRETS }
          : await this.#readSecrets(loaded, reader);
      const content = [metadata.labels, spec.clientId, ...contents];
      this.#clients.set(name, { client: { name, clientId: spec.clientId, secrets: hashes }, content, secrets });
      this.#ids.claim(spec.clientId, loaded);
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
    }
  }

  tellWarnings(warnings: Warnings): void {
    for (const [{ place }, issues] of this.#warnings) warnings.add(place, issues);
  }

  #remove(loaded: ClientDocument): string {
    const name = qualifiedName(loaded.document.metadata);
    const known = this.#clients.get(name);
    this.#clients.delete(name);
    this.#ids.release(loaded.document.spec.clientId, loaded);
    this.#issues.delete(loaded);
    this.#warnings.delete(loaded);
    if (known !== undefined) {
      this.#version.remove('ClientApplication', name, known.content);
      for (const secret of known.secrets) this.#version.removeSecret(secret);
    }
    return name;
  }

  async #readSecrets(loaded: ClientDocument, reader: SecretReader) {
    const { document, place } = loaded;
    const { clientSecret, clientSecrets = [] } = document.spec;
    const name = qualifiedName(document.metadata);
    const hashes: SecretHash[] = [];
    const contents: unknown[] = [];
    const secrets: Buffer[] = [];
    const issues: Issue[] = [];
    const warnings: Issue[] = [];
    for (const [index, source] of (clientSecret === undefined ? clientSecrets : [clientSecret]).entries()) {
      const field = clientSecret === undefined ? ['clientSecrets', index] : ['clientSecret'];
      const read = await readSecret(source, 'resource' in place ? undefined : place.source.file, reader);
      if ('hash' in read) {
        if (isPublished(source, 'plain' in read ? read.plain : undefined)) warnings.push(published(field));
        hashes.push(read.hash);
        if ('written' in read) contents.push(read.written);
        else secrets.push(this.#version.addSecret(`${name}/${index}`, read.plain));
      } else {
        issues.push({ path: ['spec', ...field, ...read.path], at: 'value', message: read.message });
      }
    }
    if (issues.length > 0) this.#issues.set(loaded, issues);
    if (warnings.length > 0) this.#warnings.set(loaded, warnings);
    return { hashes, contents, secrets };
  }
}

function published(field: readonly PropertyKey[]): Issue {
  return { path: ['spec', ...field], at: 'key', message: PUBLISHED_SECRET };
}
