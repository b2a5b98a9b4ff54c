import type { Alerting } from '../alerts/rule.ts';
import type { Clock } from '../clock.ts';
import { contractsOf, createDirectory } from '../contract/directory.ts';
import type { Directory } from '../contract/directory.ts';
import type { ReasonTable } from '../denial/reasons.ts';
import type { Fault } from '../errors.ts';
import type { PolicyEnvironment, RegisteredKind } from '../policies/environment.ts';
import { reasonsOf } from '../policy/policy.ts';
import type { Policy } from '../policy/policy.ts';
import { EXACT_HOSTS } from '../request/host.ts';
import type { HostMatching } from '../request/host.ts';
import { createApiIndex } from '../snapshot/api-index.ts';
import { createApiNames } from '../snapshot/api-names.ts';
import { createResourceIndex } from '../snapshot/resource-index.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import { AlertStage } from './alerts.ts';
import { assembleApis } from './apis.ts';
import { tellRest } from './broken.ts';
import { ClientStage } from './clients.ts';
import { PolicyStage } from './compiled-policies.ts';
import { MessageStage } from './configuration.ts';
import { ContractStage } from './contracts.ts';
import { createCooperativeYield } from './cooperative-yield.ts';
import { DocumentIndex } from './document-index.ts';
import type { DocumentAccess, MixedAccess } from './resource-access.ts';
import type { DocumentKey, DocumentSet } from './document-set.ts';
import type { Lookups, Variables } from './environment.ts';
import { Faults } from './fault.ts';
import { FileContents, NamedFileReader } from './file-contents.ts';
import type { Loaded } from './load.ts';
import { RouteStage } from './routes.ts';
import { SecretStage } from './secrets.ts';
import { refuseUnknownWebhooks } from './subscriptions.ts';
import { refuseSharedNamespaces } from './teams.ts';
import { TierStage } from './tiers.ts';
import { VersionDigest } from './version.ts';
import { Warnings } from './warnings.ts';

export interface CompileOptions {
  /** By `policyRef.name`, every accepted spelling. */
  readonly policyKinds: ReadonlyMap<string, RegisteredKind>;
  /** What policies may use of the process. */
  readonly environment: PolicyEnvironment;
  /** What `$NAME` in documents reads. */
  readonly env: Variables;
  /** Why there is no such variable; absent: it is not set. */
  readonly unset?: Lookups['unset'];
  /** What documents may read that stand in no file; absent: the same as others. */
  readonly ofResources?: DocumentAccess;
  /** Reads files that documents name; UnknownFile: it is not known here what they hold. */
  readFile(path: string, maxBytes: number): Promise<Buffer>;
  /** The parsed files of earlier documents; absent: there are none. */
  readonly contents?: FileContents;
  readonly clock: Clock;
  /** Absent: hosts are compared exactly. */
  readonly hosts?: HostMatching | undefined;
}

export type Compiled = CompiledSnapshot | CompileFailure;

interface CompileFindings {
  /** Warnings about documents in force, by file and place. */
  readonly warnings: readonly Fault[];
  /** Files outside the documents whose change must lead to a reload. */
  readonly namedFiles: readonly string[];
}

export interface CompiledSnapshot extends CompileFindings {
  readonly snapshot: Snapshot;
  /** No Check depends on it. */
  readonly alerting: Alerting;
}

export interface CompileFailure extends CompileFindings {
  readonly snapshot?: undefined;
  /** By file and place; faults of reading are included. */
  readonly faults: readonly Fault[];
  /** Where the documents stand that have them: places of the set's own documents. */
  readonly places: ReadonlySet<object>;
  /** Where those stand that one with a fault excludes. */
  readonly rivals: ReadonlySet<object>;
}

/** The result for APIs and bindings, computed again only if one of them has changed. */
interface Routing {
  readonly made: Pick<Snapshot, 'apis' | 'apiNamed' | 'apiFor' | 'apiOfPublicUrl' | 'identityHeaders'>;
  /** Valid until `apis` changes. */
  readonly warnings: readonly Fault[];
}

/**
 * Checks documents against each other and makes snapshots of them. It remembers the documents, including faulty ones: a
 * change compiles only what has changed and what refers to it.
 */
export class Compiler {
  readonly #options: CompileOptions;
  readonly #index = new DocumentIndex();
  readonly #version = new VersionDigest();
  readonly #secrets = new SecretStage(this.#index);
  readonly #tiers = new TierStage();
  readonly #routes = new RouteStage(this.#version);
  readonly #clients: ClientStage;
  readonly #contracts: ContractStage;
  readonly #messages = new MessageStage(this.#version);
  readonly #alerts = new AlertStage();
  readonly #hosts: HostMatching;
  readonly #access: MixedAccess;
  readonly #reasons: ReasonTable;
  readonly #policies: PolicyStage;
  readonly #contents: FileContents;
  /** The policies of the current documents; those of removed documents may be among them. */
  readonly #namedFiles = new Set<string>();
  #sources: readonly string[] = [];
  #withheld: string | undefined;
  #routing: Routing | undefined;
  #directory: Directory | undefined;

  constructor(options: CompileOptions) {
    this.#options = options;
    this.#contents = options.contents ?? new FileContents();
    const { policyKinds, environment, env: variables, unset, ofResources } = options;
    const readFile: DocumentAccess['readFile'] = (path, maxBytes) => options.readFile(path, maxBytes);
    this.#access = { variables, unset, ofResources, readFile };
    this.#hosts = options.hosts ?? EXACT_HOSTS;
    const now = (): number => options.clock.now();
    this.#clients = new ClientStage(this.#version, now);
    this.#contracts = new ContractStage(this.#version, now);
    this.#reasons = reasonsOf(policyKinds.values());
    const context = { policyKinds, environment, access: this.#access, secrets: this.#secrets, hosts: this.#hosts };
    this.#policies = new PolicyStage(context, this.#version);
  }

  /** Applies a set: first a complete one, once, then changes. Call it one set at a time. */
  async apply(set: DocumentSet): Promise<Compiled> {
    const { clock } = this.#options;
    const changes = this.#index.take(set);
    if (set.complete) this.#sources = set.sources;
    this.#withheld = set.complete ? set.withheld : undefined;
    const yieldIfDue = createCooperativeYield(clock);
    const reader = { ...this.#access, onFile: (path: string) => void this.#namedFiles.add(path) };
    const secrets = { stage: this.#secrets, changed: await this.#secrets.take(changes, reader) };
    const apis = this.#tiers.take(changes);
    const clients = await this.#clients.take(changes, reader, yieldIfDue);
    const context = { index: this.#index, clients: this.#clients, tiers: this.#tiers, yieldIfDue };
    const contracts = await this.#contracts.take(changes, { clients, apis }, context);
    this.#messages.take(changes, this.#index);
    const { rules } = this.#options.environment.egress;
    const webhooksChanged = await this.#alerts.webhooks.take(changes, reader, rules, secrets);
    this.#alerts.take(changes, webhooksChanged, { index: this.#index, tiers: this.#tiers });
    const files = new NamedFileReader({ ...reader, contents: this.#contents, giveWay: yieldIfDue });
    await this.#routes.take(changes, files);
    const routingChanged = await this.#policies.take(changes, files, secrets.changed);
    // Of a snapshot with faults only the documents are kept: the next one is built from scratch.
    const directory = clients.size > 0 ? undefined : this.#directory?.with(contracts);
    const routing = routingChanged ? undefined : this.#routing;
    this.#directory = undefined;
    this.#routing = undefined;

    const faults = set.complete ? set.faults : new Faults();
    const warnings = new Warnings();
    for (const stage of [this.#index, this.#secrets, this.#clients, this.#contracts, this.#messages, this.#routes])
      stage.tellFaults(faults);
    refuseSharedNamespaces(this.#index, faults);
    refuseUnknownWebhooks(this.#index, faults);
    this.#routes.tellWarnings(warnings);
    this.#contracts.tellWarnings(warnings);
    this.#policies.tell(faults, warnings);
    this.#alerts.tell(faults, warnings);
    this.#clients.tellWarnings(warnings, this.#options.environment.broughtKeys !== undefined);
    const assembled = routing ?? this.#assemble(faults);
    warnings.keep(assembled.warnings);
    if (set.complete) {
      const { policyKinds, environment } = this.#options;
      const reading = { policyKinds, environment, access: this.#access, secrets: this.#secrets };
      tellRest(set.broken, { index: this.#index, faults, ...reading });
    }
    warnings.ofDocuments(this.#index.every());
    const found = { warnings: warnings.sorted(), namedFiles: [...this.#namedFiles] };
    if (!faults.none) return { faults: faults.sorted(), places: faults.places, rivals: faults.rivals, ...found };

    this.#routing = assembled;
    this.#directory = directory ?? createDirectory(this.#clients.all(), this.#contracts.all());
    const version = await this.#version.version();
    const snapshot: Snapshot = {
      version,
      loadedAt: clock.now(),
      sources: this.#sources,
      ...assembled.made,
      directory: this.#directory,
      clientApplications: this.#clients.size,
      contractCount: this.#contracts.size,
      contracts: contractsOf(this.#directory),
      ...(this.#withheld !== undefined && { withheld: this.#withheld }),
      reasons: this.#messages.reasons(this.#reasons),
    };
    return { snapshot, alerting: this.#alerts.alerting, ...found };
  }

  /** All that it has, faulty ones too. */
  documents(): Iterable<Loaded> {
    return this.#index.every();
  }

  /** What it has of this kind and name. */
  document({ kind, name }: DocumentKey): Loaded | undefined {
    return this.#index.get(kind, name);
  }

  /**
   * The policies that the latest snapshot does not have, but earlier ones may have: the caller closes them when no
   * Check can use those snapshots any more. To be called when the latest snapshot is in force.
   */
  takeDropped(): readonly Policy[] {
    return this.#policies.takeDropped();
  }

  /** Closes every policy: called once, when no Check can reach a snapshot of it any more. */
  close(): void {
    for (const policy of [...this.#policies.all(), ...this.#policies.takeDropped()]) policy.close?.();
  }

  #assemble(faults: Faults): Routing {
    const warnings = new Warnings();
    const context = {
      index: this.#index,
      policies: this.#policies,
      tiers: this.#tiers,
      routes: this.#routes,
      hosts: this.#hosts,
      faults,
      warnings,
    };
    const { apis, byAge, identityHeaders } = assembleApis(context);
    // Functions keep everything in their scope alive: they are made where the documents are not in scope.
    const apiOfPublicUrl = createResourceIndex(byAge);
    const made = {
      apis,
      apiNamed: createApiNames(apis),
      apiFor: createApiIndex(byAge),
      apiOfPublicUrl,
      identityHeaders,
    };
    return { made, warnings: warnings.sorted() };
  }
}
