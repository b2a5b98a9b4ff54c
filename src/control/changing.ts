import { Code, RpcError } from '../grpc/rpc.ts';
import { formatPath } from '../document/issues.ts';
import type { Fault } from '../errors.ts';
import { Conflict, isOthers, keyText, Outrun } from '../registry/conflict.ts';
import type { Author, Ownership, Resource, ResourceKey } from '../registry/log.ts';
import type { Registry } from '../registry/registry.ts';
import { Turns } from '../turns.ts';
import type { Identity } from '../access/caller.ts';
import { mayWriteSome } from '../access/may.ts';
import { ChangeRights } from './change-rights.ts';
import { Checking, schemaFaults } from './checking.ts';
import type { CheckingPorts } from './checking.ts';
import type { CurrentIndex, IndexedState } from './current-index.ts';
import { decidedIn, keptWarning, setOf } from './decided.ts';
import { admit } from './incoming.ts';
import { Rights } from './rights.ts';
import type { SecretVault } from './secret-vault.ts';
import { refuseOutdated } from './seen.ts';
import type { Seen } from './seen.ts';
import { effectOf, refuseConflict, writeOf } from './planned-write.ts';
import { nameAll, placed } from './naming.ts';
import type { PlacedFault, ProposedWrite } from './naming.ts';

export interface ProposedDeletion {
  readonly key: ResourceKey;
  readonly expectedRevision: number | undefined;
}

export interface ChangeRequest extends Ownership {
  readonly writes: readonly ProposedWrite[];
  readonly deletions: readonly ProposedDeletion[];
  /** Empty: none. */
  readonly set: string;
  readonly prune: boolean;
  /** What is another owner's is this one's from now on. */
  readonly isTakenOver?: boolean;
  /** It is no document of the owner: somebody decides here what the document does not have to say. */
  readonly isDecision?: boolean;
  /** Whose request it is: they must have the right to each change, and hear of nothing that they may not see. Undefined: our own. */
  readonly by: Identity | undefined;
  /** Whoever asks has made sure that the caller may do this: the life of a contract has its own rules. */
  readonly isAllowed?: boolean;
  /** Each namespace with this prefix that no Team owns is a team of its own: of a cluster. Absent: it is the platform's. */
  readonly separateNamespaces?: string;
  /** What the changes were made for: where one of them is another by now, nothing is written. */
  readonly upon?: readonly Seen[];
}

export type EffectName = 'created' | 'changed' | 'unchanged' | 'deleted';

/** What becomes of one resource. */
export interface PlannedChange {
  readonly key: ResourceKey;
  readonly effect: EffectName;
  readonly before: Resource | undefined;
  readonly document: unknown;
  readonly declared: Resource['declared'];
  /** The set that the resource is of afterwards. */
  readonly set: string;
  readonly expectedRevision: number | undefined;
  /** Its place in the request; undefined: it is pruned. */
  readonly place: number | undefined;
  /** Where it is kept, if not where the request says of all. */
  readonly source?: string;
}

export interface Plan {
  readonly changes: readonly PlannedChange[];
  readonly faults: readonly PlacedFault[];
  readonly warnings: readonly PlacedFault[];
  /** The revision that it was made for. */
  readonly revision: number;
}

export interface Applied extends Plan {
  /** By {@link keyText}: the revision of the change. Empty where there were faults. */
  readonly revisions: ReadonlyMap<string, number>;
}

export interface ChangingPorts extends Omit<CheckingPorts, 'resources'> {
  /** Undefined: there is no key, and no Secret. */
  readonly vault: SecretVault | undefined;
  readonly registry: Registry;
  readonly index: CurrentIndex;
}

/** Other control planes may write again and again while we check. */
const MOST_TRIES = 20;
const MAX_PLACED = 1000;

/** Checks changes against the whole state, and writes them: all of them, or none. */
export class Changing {
  readonly #registry: Registry;
  readonly #index: CurrentIndex;
  readonly #checking: Checking;
  readonly #ports: ChangingPorts;
  /** One check at a time: each is made against what the one before has written. */
  readonly #turns = new Turns();

  constructor(ports: ChangingPorts) {
    const { registry, index, ...checking } = ports;
    this.#registry = registry;
    this.#index = index;
    this.#ports = ports;
    this.#checking = new Checking({ ...checking, resources: (keys) => registry.resources(keys) });
  }

  /** What the changes would do. @throws RpcError */
  plan(request: ChangeRequest): Promise<Plan> {
    return this.#turns.take(() => this.#plan(request));
  }

  /** @throws RpcError */
  apply(request: ChangeRequest, author: Author): Promise<Applied> {
    return this.#turns.take(() => this.#apply(request, author));
  }

  async #apply(request: ChangeRequest, author: Author): Promise<Applied> {
    for (let tries = 1; ; tries += 1) {
      const plan = await this.#plan(request);
      if (plan.faults.length > 0) return { ...plan, revisions: new Map() };
      const writes = plan.changes.map((change) => writeOf(change, ofChange(request, change)));
      try {
        const { head, changes } = await this.#registry.write(writes, author, plan.revision);
        const revisions = new Map(changes.map((change) => [keyText(change), change.revision]));
        return { ...plan, revision: head.revision, revisions };
      } catch (error) {
        if (error instanceof Conflict) throw new RpcError(Code.aborted, error.message);
        if (!(error instanceof Outrun)) throw error;
        if (tries < MOST_TRIES) continue;
        throw new RpcError(Code.unavailable, 'others write so often that the changes could not be checked: try again');
      }
    }
  }

  async #plan(request: ChangeRequest): Promise<Plan> {
    const state = await this.#index.current();
    refuseOutdated(request.upon, state.index);
    const rights = request.by && new Rights(request.by, state.index);
    const isOpen = rights !== undefined && request.isAllowed !== true;
    if (isOpen) await this.#refuseHopeless(request, rights, state);
    const { named, faults } = nameAll(request.writes);
    const known = await this.#known([...named.values()].map(({ key }) => key));
    const allowing = isOpen ? new ChangeRights(rights, state.index, named, this.#ports) : undefined;
    const changes: PlannedChange[] = [];
    const warnings: PlacedFault[] = [];
    for (const [text, { key, write, place }] of named) {
      const before = known.get(text);
      allowing?.require(key, before, write.document);
      const admitted = admit(write.document, before, this.#ports);
      faults.push(...placed(schemaFaults(key, admitted.document, admitted.issues), place));
      for (const { path, message } of admitted.warnings) {
        warnings.push({ file: text, line: 0, column: 0, field: formatPath(path), message, severity: 'warning', place });
      }
      const set = request.set === '' ? setOf(before) : request.set;
      const own = ofChange(request, write);
      const { document, declared, kept } = decidedIn(admitted.document, before, own);
      for (const field of kept) warnings.push({ ...keptWarning(text, field), place });
      const { expectedRevision } = write;
      const allowed = (await allowing?.asAllowed(key, before, document)) ?? document;
      const source = write.source === undefined ? {} : { source: write.source };
      const planned = { key, before, document: allowed, declared, set, expectedRevision, place, ...source };
      changes.push({ ...planned, effect: effectOf(planned, own) });
    }
    changes.push(...(await this.#deletions(request, state, new Set(named.keys()), allowing)));
    for (const change of changes) {
      const { before, key } = change;
      if (request.isTakenOver === true)
        allowing?.requireTakeOver(key, before, before !== undefined && isOthers(before, ofChange(request, change)));
      refuseConflict(change, ofChange(request, change));
    }
    if (faults.length === 0) {
      const different = changes.filter(({ effect }) => effect !== 'unchanged');
      const found = await this.#checking.check(different, state, rights, request.separateNamespaces);
      const places = new Map(changes.map(({ key, place }) => [keyText(key), place]));
      const at = (fault: Fault): PlacedFault => ({ ...fault, place: places.get(fault.file) });
      faults.push(...found.faults.map(at));
      warnings.push(...found.warnings.map(at));
    }
    return {
      changes,
      faults: faults.slice(0, MAX_PLACED),
      warnings: warnings.slice(0, MAX_PLACED),
      revision: state.revision,
    };
  }

  /** Of thousands of documents whose kinds the caller may write nowhere, one is looked at. @throws RpcError (rejects with it) */
  async #refuseHopeless({ writes }: ChangeRequest, rights: Rights, { index }: IndexedState): Promise<void> {
    const kinds = new Set(writes.map(({ document }) => document['kind']));
    if ([...kinds].some((kind) => mayWriteSome(rights.caller, String(kind)))) return;
    for (const write of writes) {
      const { named } = nameAll([write]);
      for (const [text, { key, write: first }] of named) {
        const before = (await this.#known([key])).get(text);
        return new ChangeRights(rights, index, named, this.#ports).require(key, before, first.document);
      }
    }
  }

  async #deletions(
    { deletions, set, prune, owner, source }: ChangeRequest,
    { index }: IndexedState,
    named: ReadonlySet<string>,
    allowing: ChangeRights | undefined,
  ): Promise<readonly PlannedChange[]> {
    const asked = new Map(deletions.map((deletion, place) => [keyText(deletion.key), { ...deletion, place }]));
    const pruned = prune
      ? index
          .kinds()
          .flatMap((kind) => index.ofKind(kind).filter((entry) => entry.set === set && entry.owner === owner))
          .filter((entry) => entry.source === source)
          .filter((entry) => !named.has(keyText(entry)) && allowing?.mayPrune(entry) !== false)
      : [];
    const keys = [...[...asked.values()].map(({ key }) => key), ...pruned];
    const known = await this.#known(keys);
    return keys.map((each) => {
      const key = { kind: each.kind, namespace: each.namespace, name: each.name };
      const text = keyText(key);
      const before = known.get(text);
      allowing?.refuseDeletion(key, before);
      if (before === undefined) throw new RpcError(Code.notFound, `there is no ${text}`);
      const { expectedRevision, place } = asked.get(text) ?? { expectedRevision: undefined, place: undefined };
      return {
        key,
        effect: 'deleted',
        before,
        document: undefined,
        declared: undefined,
        set: '',
        expectedRevision,
        place,
      };
    });
  }

  async #known(keys: readonly ResourceKey[]): Promise<ReadonlyMap<string, Resource>> {
    if (keys.length === 0) return new Map();
    const found = await this.#registry.resources(keys);
    return new Map(found.map((resource) => [keyText(resource), resource]));
  }
}

function ofChange(request: ChangeRequest, { source }: { readonly source?: string }): ChangeRequest {
  return source === undefined ? request : { ...request, source };
}
