import type { Policy } from '../policy/policy.ts';
import type { UpgradeNote } from '../policy/upgrade-note.ts';
import type { HostMatching } from '../request/host.ts';
import type { CompiledPolicy, PolicyContext, PolicySite } from './bindings.ts';
import { tellConditionNeeds } from './condition-needs.ts';
import type { Changes } from './document-index.ts';
import { compare } from './fault.ts';
import type { Faults } from './fault.ts';
import { normalizeBasePath } from './fields.ts';
import { compileFields } from './groups.ts';
import { addressNotes, hostsOf, portIssues } from './hosts.ts';
import { tellNeeds } from './ineffective-options.ts';
import type { PlacedPolicy } from './ineffective-options.ts';
import { below } from './issues.ts';
import type { Issue } from './issues.ts';
import type { NamedFileReader } from './file-contents.ts';
import { addIssues } from './load.ts';
import type { Loaded } from './load.ts';
import { namespaceOf, PLATFORM_NAMESPACE, qualifiedName, withoutProse } from './names.ts';
import { tellContradictions } from './never-applying.ts';
import { ownNames } from './own-names.ts';
import { accessOf } from './resource-access.ts';
import type { MixedAccess } from './resource-access.ts';
import { ruleIssues } from './rule-list.ts';
import { refersTo } from './secrets.ts';
import type { SecretStage } from './secrets.ts';
import type { VersionDigest } from './version.ts';
import type { Warnings } from './warnings.ts';

type PolicyDocument = Loaded<'Api'> | Loaded<'PolicyBinding'>;

/** The policies of one document: an API's own, or the one of a binding. */
interface CompiledPolicies {
  readonly placed: readonly PlacedPolicy[];
  readonly issues: readonly Issue[];
  readonly notes: readonly UpgradeNote[];
  readonly warnings: readonly Issue[];
  /** What the version of the documents covers. */
  readonly content: unknown;
  /** Secrets in plain text, by their path in the document. */
  readonly secrets: Readonly<Record<string, string>>;
}

interface StageContext extends Omit<PolicyContext, 'lookups' | 'variables'> {
  readonly access: MixedAccess;
  readonly secrets: SecretStage;
  readonly hosts: HostMatching;
}

const NONE: readonly PlacedPolicy[] = [];

/** The policies that documents describe. Each is made once, and lives as long as its document stays as it is. */
export class PolicyStage {
  readonly #context: StageContext;
  readonly #version: VersionDigest;
  readonly #compiled = new Map<PolicyDocument, CompiledPolicies>();
  /** Digests of secrets that stand in plain text. */
  readonly #secrets = new Map<PolicyDocument, readonly Buffer[]>();
  #dropped: Policy[] = [];

  constructor(context: StageContext, version: VersionDigest) {
    this.#context = context;
    this.#version = version;
  }

  of(loaded: PolicyDocument): readonly PlacedPolicy[] {
    return this.#compiled.get(loaded)?.placed ?? NONE;
  }

  /** Every policy of every document, bound to an API or not. */
  *all(): Iterable<Policy> {
    for (const { placed } of this.#compiled.values()) for (const { bound } of placed) yield bound.policy;
  }

  /** Every header that a policy could set for the upstream, by the namespace of its document. */
  headersByNamespace(): ReadonlyMap<string, readonly string[]> {
    const headers = new Map<string, string[]>();
    for (const [{ document, withheld }, { placed }] of this.#compiled) {
      const namespace = namespaceOf(document.metadata);
      const ofNamespace = headers.get(namespace) ?? [];
      ofNamespace.push(...placed.flatMap(({ bound }) => bound.policy.identityHeaders), ...(withheld?.headers ?? []));
      headers.set(namespace, ofNamespace);
    }
    return headers;
  }

  /**
   * @param secrets qualified names of Secrets that have changed: what refers to them is made anew
   * @returns whether anything has changed
   */
  async take(changes: Changes, reader: NamedFileReader, secrets: ReadonlySet<string>): Promise<boolean> {
    const removed: PolicyDocument[] = [...changes.removals('Api'), ...changes.removals('PolicyBinding')];
    for (const loaded of removed) this.#remove(loaded);
    const again = secrets.size === 0 ? [] : [...this.#compiled.keys()].filter((loaded) => refersTo(loaded, secrets));
    for (const loaded of again) this.#remove(loaded);
    const made = [...again, ...changes.upserts('Api'), ...changes.upserts('PolicyBinding')];
    for (const loaded of made) {
      this.#add(loaded, await this.#compile(loaded, reader));
      await reader.giveWay();
    }
    return removed.length + made.length > 0;
  }

  #compile(loaded: PolicyDocument, reader: NamedFileReader): Promise<CompiledPolicies> {
    const { access, secrets } = this.#context;
    const { variables, unset } = accessOf(fileOf(loaded), access);
    const lookups = { secret: secrets.lookupFor(loaded.document.metadata), unset };
    const context = { ...this.#context, variables, lookups };
    return isApi(loaded) ? ownPolicies(loaded, context, reader) : policyOfBinding(loaded, context, reader);
  }

  /** Returns the policies of documents that were removed since the last call: the caller closes them. */
  takeDropped(): readonly Policy[] {
    const dropped = this.#dropped;
    this.#dropped = [];
    return dropped;
  }

  tell(faults: Faults, warnings: Warnings): void {
    for (const [{ place, withheld }, { placed, issues, notes, warnings: found }] of this.#compiled) {
      // Its faults were told, and nothing of it is enforced.
      if (withheld !== undefined) continue;
      if (issues.length > 0) addIssues(faults, place, issues);
      if (notes.length > 0) warnings.upgrade(place, notes);
      if (found.length > 0) warnings.add(place, found);
      tellNeeds(placed, warnings);
      tellConditionNeeds(placed, warnings);
      tellContradictions(placed, warnings);
    }
  }

  #add(loaded: PolicyDocument, made: CompiledPolicies): void {
    const compiled = loaded.withheld === undefined ? made : { ...made, content: { withheld: made.content } };
    this.#compiled.set(loaded, compiled);
    const { kind, metadata } = loaded.document;
    const name = qualifiedName(metadata);
    this.#version.add(kind, name, compiled.content);
    const secrets = Object.entries(compiled.secrets);
    if (secrets.length === 0) return;
    const digests = secrets.map(([place, secret]) => this.#version.addSecret(`${kind}/${name}/${place}`, secret));
    this.#secrets.set(loaded, digests);
  }

  #remove(loaded: PolicyDocument): void {
    const compiled = this.#compiled.get(loaded);
    if (compiled === undefined) return;
    this.#compiled.delete(loaded);
    this.#dropped.push(...compiled.placed.map(({ bound }) => bound.policy));
    for (const secret of this.#secrets.get(loaded) ?? []) this.#version.removeSecret(secret);
    this.#secrets.delete(loaded);
    const { kind, metadata } = loaded.document;
    this.#version.remove(kind, qualifiedName(metadata), compiled.content);
  }
}

function isApi(loaded: PolicyDocument): loaded is Loaded<'Api'> {
  return loaded.document.kind === 'Api';
}

function siteOf(loaded: PolicyDocument, reader: NamedFileReader): PolicySite {
  const { kind, metadata } = loaded.document;
  const isPlatform = kind === 'PolicyBinding' && namespaceOf(metadata) === PLATFORM_NAMESPACE;
  return { file: fileOf(loaded), reader, isPlatform };
}

function fileOf({ place }: PolicyDocument): string | undefined {
  return 'resource' in place ? undefined : place.source.file;
}

function placedOf(
  { bound, members }: CompiledPolicy,
  place: PlacedPolicy['place'],
  path: readonly PropertyKey[],
): readonly PlacedPolicy[] {
  if (bound === undefined) return [];
  const placed = members?.map((member) => ({ bound: member.bound, place, path: [...path, ...member.path] }));
  return [{ bound, place, path, members: placed }];
}

function publicIssues(requests: Loaded<'Api'>['document']['spec']['public']): readonly Issue[] {
  if (requests === undefined || requests === true) return [];
  return requests.flatMap((source, index) => ruleIssues(source, ['spec', 'public', index]));
}

async function ownPolicies(
  loaded: Loaded<'Api'>,
  context: PolicyContext & Pick<StageContext, 'hosts'>,
  reader: NamedFileReader,
): Promise<CompiledPolicies> {
  const { document, place } = loaded;
  const { metadata, spec } = document;
  const { names, issues: nameIssues } = ownNames(qualifiedName(metadata), spec.policies);
  const site = siteOf(loaded, reader);
  const compiled: CompiledPolicy[] = [];
  for (const [index, fields] of spec.policies.entries()) {
    compiled.push(await compileFields(names[index] ?? '', fields, context, site));
  }
  const issues = compiled.flatMap((policy, index) => below(['spec', 'policies', index], policy.issues));
  const notes = compiled.flatMap((policy, index) => below(['spec', 'policies', index], policy.notes));
  const warnings = compiled.flatMap((policy, index) => below(['spec', 'policies', index], policy.warnings));
  const hosts = hostsOf(spec.hosts, context.hosts).toSorted(compare);
  const basePath = normalizeBasePath(spec.basePath);
  const policies = compiled.map(({ content }) => content);
  const placed = compiled.flatMap((policy, index) => placedOf(policy, place, ['spec', 'policies', index]));
  const content = { ...withoutProse(document), spec: { ...spec, hosts, basePath, policies } };
  return {
    placed,
    issues: [...portIssues(spec.hosts, context.hosts), ...publicIssues(spec.public), ...nameIssues, ...issues],
    notes: [...addressNotes(spec, context.hosts), ...notes],
    warnings,
    content,
    secrets: Object.assign(
      {},
      ...compiled.map((policy, index) =>
        Object.fromEntries(Object.entries(policy.secrets).map(([field, secret]) => [`${index}/${field}`, secret])),
      ),
    ),
  };
}

async function policyOfBinding(
  loaded: Loaded<'PolicyBinding'>,
  context: PolicyContext,
  reader: NamedFileReader,
): Promise<CompiledPolicies> {
  const { document, place } = loaded;
  const { targetRef, ...fields } = document.spec;
  const compiled = await compileFields(qualifiedName(document.metadata), fields, context, siteOf(loaded, reader));
  const { content, issues, notes, warnings, secrets } = compiled;
  return {
    placed: placedOf(compiled, place, ['spec']),
    issues: below(['spec'], issues),
    notes: below(['spec'], notes),
    warnings: below(['spec'], warnings),
    content: { ...withoutProse(document), spec: { targetRef, content } },
    secrets,
  };
}
