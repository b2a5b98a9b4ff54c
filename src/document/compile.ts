import type { Clock } from '../clock.ts';
import { createDirectory } from '../contract/directory.ts';
import type { Fault } from '../errors.ts';
import type { PolicyEnvironment, PolicyKind } from '../policy/policy.ts';
import { exactHosts } from '../request/host.ts';
import type { HostMatching } from '../request/host.ts';
import { createApiIndex } from '../snapshot/api-index.ts';
import type { Api, Snapshot } from '../snapshot/snapshot.ts';
import { compileApis } from './apis.ts';
import type { BoundPolicy } from './bindings.ts';
import { tellRest } from './broken.ts';
import { compileClients, compileContracts, compileTiers } from './contracts.ts';
import { createPace } from './cooperative-yield.ts';
import type { Variables } from './environment.ts';
import type { Faults } from './fault.ts';
import { addIssues } from './load.ts';
import type { LoadedDocuments } from './load.ts';
import { NameIndex, whereIs } from './name-index.ts';
import type { Document } from './schema.ts';
import { VersionDigest } from './version.ts';
import { Warnings } from './warnings.ts';

export interface CompileOptions {
  /** By `policyRef.name`, every accepted spelling. */
  readonly policyKinds: ReadonlyMap<string, PolicyKind>;
  /** What policies may use of the process. */
  readonly environment: PolicyEnvironment;
  /** What `$NAME` in documents reads. */
  readonly env: Variables;
  /** Reads files that hold secrets. */
  readFile(path: string, maxBytes: number): Promise<Buffer>;
  readonly clock: Clock;
  /** Absent: hosts are compared exactly. */
  readonly hosts?: HostMatching | undefined;
}

export type Compiled = CompiledSnapshot | CompileFailure;

export interface CompiledSnapshot {
  readonly snapshot: Snapshot;
  /** By file and place: what authors should know of documents that are in force all the same. */
  readonly warnings: readonly Fault[];
  /** Files outside the documents whose change must lead to a reload. */
  readonly secretFiles: readonly string[];
  /** Closes the policies: called once, when no Check can reach the snapshot any more. */
  dispose(): void;
}

export interface CompileFailure {
  readonly snapshot?: undefined;
  /** By file and place; those of loading are among them. */
  readonly faults: readonly Fault[];
  readonly warnings: readonly Fault[];
  readonly secretFiles: readonly string[];
}

/** Holds the documents against each other and makes a snapshot of them, or tells every fault. */
export async function compile(loaded: LoadedDocuments, options: CompileOptions): Promise<Compiled> {
  const { faults } = loaded;
  const index = new NameIndex(loaded);
  const versions = new VersionDigest();
  const secretFiles = new Set<string>();
  const digest = (document: Document, content: unknown): void => {
    versions.add(document.kind, document.metadata.name, content);
  };
  const warnings = new Warnings();
  const context = { index, faults, warnings, digest, pace: createPace(options.clock) };
  const tiers = new Map([...index.all('Api')].map(({ document }) => [document.metadata.name, compileTiers(document)]));
  const clients = await compileClients(
    { ...context, digestSecret: (place, secret) => versions.addSecret(place, secret) },
    {
      variables: options.env,
      readFile: (path, maxBytes) => options.readFile(path, maxBytes),
      onFile: (path) => secretFiles.add(path),
    },
  );
  const contracts = await compileContracts(context, clients, tiers);
  const messages = compileMessages(index, faults, digest);
  const { policyKinds, environment, env: variables, hosts = exactHosts } = options;
  const compiled = compileApis({ ...context, tiers, policyKinds, environment, variables, hosts });
  const { apis, policies, identityHeaders } = compiled;
  tellRest(loaded.broken, { ...context, policyKinds, environment, variables });

  for (const { place, document } of loaded.documents) warnings.ofDocument(place, document);
  const result = { warnings: warnings.sorted(), secretFiles: [...secretFiles], dispose: closeOf(policies) };
  if (!faults.none) {
    result.dispose();
    return { faults: faults.sorted(), warnings: result.warnings, secretFiles: result.secretFiles };
  }
  const version = await versions.version();
  const snapshot: Snapshot = {
    version,
    loadedAt: options.clock.now(),
    sources: loaded.sources,
    apis,
    apiNamed: finderOf(apis),
    apiFor: createApiIndex(apis),
    directory: createDirectory(clients.values(), contracts),
    clientApplications: clients.size,
    contracts,
    identityHeaders,
    messages,
  };
  return { ...result, snapshot };
}

// What a snapshot's functions see lives as long as it does: they are made here, out of sight of the documents.

function finderOf(apis: readonly Api[]): (name: string) => Api | undefined {
  const byName = new Map(apis.map((api) => [api.name, api]));
  return (name) => byName.get(name);
}

function closeOf(policies: readonly BoundPolicy[]): () => void {
  return () => {
    for (const { policy } of policies) policy.close?.();
  };
}

function compileMessages(
  index: NameIndex,
  faults: Faults,
  digest: (document: Document, content: unknown) => void,
): Snapshot['messages'] {
  const [first, ...others] = index.all('Configuration');
  for (const { place } of others) {
    const message = `there is one Configuration already: ${first === undefined ? '' : whereIs(first)}`;
    addIssues(faults, place, [{ path: ['kind'], at: 'value', message }]);
  }
  if (first === undefined) return {};
  digest(first.document, first.document);
  const entries = Object.entries(first.document.spec.messages).filter(([, text]) => text !== undefined);
  return Object.fromEntries(entries);
}
