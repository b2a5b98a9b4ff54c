import { PLATFORM_TEAM } from '../access/caller.ts';
import type { Clock } from '../clock.ts';
import type { AccessObject } from '../access/may.ts';
import { canonicalJson } from '../document/version.ts';
import { isRecord } from '../document/load.ts';
import { resolveReference } from '../document/names.ts';
import { keyText } from '../registry/conflict.ts';
import type { Registry } from '../registry/registry.ts';
import type { Resource, ResourceKey } from '../registry/log.ts';
import { contractAsApplied } from './contract-as-applied.ts';
import { contractAsAllowed, refuseContractDeletion, requireContract } from './contract-rights.ts';
import { statusOf } from './contract-states.ts';
import { factsOf, valueAt } from './facts.ts';
import type { Facts } from './facts.ts';
import type { NamedWrite } from './naming.ts';
import { notThere, refused } from './rights.ts';
import type { Rights } from './rights.ts';
import type { Entry, ResourceIndex } from './resource-index.ts';

type Json = Readonly<Record<string, unknown>>;

const NO_FACTS: Facts = { holds: [], refers: [], labels: undefined, selector: undefined, fields: [], search: '' };

interface ChangeRightsPorts {
  readonly registry: Pick<Registry, 'resources'>;
  readonly clock: Pick<Clock, 'now'>;
}

/** Decides which changes of one request its caller may make. */
export class ChangeRights {
  readonly #ports: ChangeRightsPorts;
  readonly #rights: Rights;
  readonly #index: ResourceIndex;
  readonly #proposed: ReadonlyMap<string, Facts>;
  readonly #named: ReadonlyMap<string, NamedWrite>;

  /** @param named what is to be written, by the text of its key */
  constructor(rights: Rights, index: ResourceIndex, named: ReadonlyMap<string, NamedWrite>, ports: ChangeRightsPorts) {
    this.#ports = ports;
    this.#rights = rights;
    this.#index = index;
    this.#named = named;
    this.#proposed = new Map(
      [...named].map(([text, { key, write }]) => [text, factsOf(key, write.document, (each) => each)]),
    );
  }

  /** @throws RpcError where the caller may not write this at all, before anything is told of what is there */
  require(key: ResourceKey, before: Resource | undefined, document: Json): void {
    const rights = this.#rights;
    const { after, earlier } = this.#both(key, before, document);
    if (key.kind === 'Contract') return requireContract(key, after, earlier, rights);
    const what = `may not write ${keyText(key)}`;
    if (key.kind === 'Team' && !rights.may('write', after)) return this.#requireTeamAdmin(key, before, document, what);
    // Of both teams, where it moves from one to another.
    if (earlier !== undefined) rights.require('write', earlier, what);
    rights.require('write', after, what);
    this.#refuseSecrets(key, what);
  }

  /** Whoever takes over what another owner keeps answers for the team. @throws RpcError */
  requireTakeOver(key: ResourceKey, before: Resource | undefined, isOthers: boolean): void {
    if (before === undefined || !isOthers) return;
    const { team } = this.#objectOf(
      key,
      factsOf(key, before.document, (each) => each),
      true,
    );
    if (this.#rights.rolesIn(team).has('admin')) return;
    throw refused(this.#rights.caller, `may not take over ${keyText(key)}`, { roles: ['admin'], where: 'own' });
  }

  /** A document that may be written, without what its writer has no say in. @throws RpcError (rejects with it) */
  async asAllowed(key: ResourceKey, before: Resource | undefined, document: Json): Promise<Json> {
    if (key.kind !== 'Contract') return document;
    const rights = this.#rights;
    const isPlatformAdmin = rights.isPlatformAdmin() && rights.isWithin('approve', key.kind);
    const status = before && statusOf(before.document, (await this.#apiOf(key, before.document as Json))?.document);
    const allowed = contractAsAllowed({ key, before, status, document, ...this.#both(key, before, document) }, rights);
    const api = await this.#apiOf(key, allowed);
    const applied = { key, before, document: allowed, api, by: rights.caller, isPlatformAdmin };
    return contractAsApplied({ ...applied, nowMs: this.#ports.clock.now() });
  }

  /** The API of a contract as it will be; undefined: it is not there. */
  async #apiOf({ namespace }: ResourceKey, contract: Json): Promise<Resource | undefined> {
    const reference = valueAt(contract, ['spec', 'api']);
    if (typeof reference !== 'string') return undefined;
    const key = { kind: 'Api', ...resolveReference({ namespace, name: '' }, reference) };
    const proposed = this.#named.get(keyText(key));
    if (proposed === undefined) return (await this.#ports.registry.resources([key]))[0];
    const { document } = proposed.write;
    return { ...key, document, revision: 0, createdRevision: 0, at: 0, owner: 'api', set: '' };
  }

  /** @throws RpcError, the same for what is not there and for what the caller may not know of */
  refuseDeletion(key: ResourceKey, before: Resource | undefined): void {
    if (before === undefined) throw notThere(key);
    const facts = factsOf(key, before.document, (each) => each);
    if (!this.#rights.sees({ ...key, facts })) throw notThere(key);
    const object = this.#objectOf(key, facts, true);
    if (key.kind === 'Contract') refuseContractDeletion(before, object, this.#rights);
    else this.#rights.require('write', object, `may not delete ${keyText(key)}`);
  }

  /** Whether a set that is pruned loses this: what others have applied with a set of the same name stays. */
  mayPrune(entry: Entry): boolean {
    const object = this.#rights.objectOf(entry, entry.facts);
    return this.#rights.may(entry.kind === 'Contract' ? 'approve' : 'write', object);
  }

  /** Whose a resource would be, and whose it is; undefined: nobody's yet. */
  #both(key: ResourceKey, before: Resource | undefined, document: Json) {
    return {
      after: this.#objectOf(
        key,
        factsOf(key, document, (each) => each),
      ),
      earlier:
        before &&
        this.#objectOf(
          key,
          factsOf(key, before.document, (each) => each),
          true,
        ),
    };
  }

  /** @param isEarlier as everything was before the request */
  #objectOf(key: ResourceKey, facts: Facts, isEarlier = false): AccessObject {
    return this.#rights.objectOf(key, facts, (text) => {
      return (isEarlier ? undefined : this.#proposed.get(text)) ?? this.#index.get(text)?.facts;
    });
  }

  /** An admin of a team changes who is in it, and nothing else of it. @throws RpcError */
  #requireTeamAdmin(key: ResourceKey, before: Resource | undefined, document: Json, what: string): void {
    const own: AccessObject = { kind: 'Team', namespace: PLATFORM_TEAM, team: key.name };
    const isAdmin = this.#rights.rolesIn(key.name).has('admin') && this.#rights.isWithin('write', 'Team');
    if (!isAdmin || before === undefined) this.#rights.require('write', own, what);
    else if (canonicalJson(withoutMembers(before.document)) !== canonicalJson(withoutMembers(document))) {
      const more = `${what} but for spec.members: its namespaces and its metadata are the platform's`;
      throw refused(this.#rights.caller, more, { roles: ['admin'], where: 'platform' });
    }
  }

  /** A document that reads a Secret could send it anywhere. @throws RpcError */
  #refuseSecrets(key: ResourceKey, what: string): void {
    for (const text of this.#proposed.get(keyText(key))?.refers ?? []) {
      if (!text.startsWith('Secret ')) continue;
      const facts = this.#proposed.get(text) ?? this.#index.get(text)?.facts;
      const namespace = key.namespace;
      const secret = this.#rights.objectOf({ kind: 'Secret', namespace, name: '' }, facts ?? NO_FACTS);
      this.#rights.require('write', secret, `${what}, which reads ${text}`);
    }
  }
}

function withoutMembers(team: unknown): unknown {
  if (!isRecord(team) || !isRecord(team['spec'])) return team;
  const { members: _members, ...spec } = team['spec'];
  return { ...team, spec };
}
