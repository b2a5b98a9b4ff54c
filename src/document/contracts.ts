import type { Contract } from '../contract/contract.ts';
import type { ContractChange } from '../contract/directory.ts';
import { ExpiringContract } from '../contract/expiry.ts';
import { Claims } from './claims.ts';
import type { ClientStage } from './clients.ts';
import type { Changes, DocumentIndex } from './document-index.ts';
import type { Faults } from './fault.ts';
import type { Issue } from './issues.ts';
import { addIssues, whereIs } from './load.ts';
import type { Loaded } from './load.ts';
import { clientFrom, qualifiedName, referenceFrom } from './names.ts';
import { didYouMean } from '../nearest.ts';
import type { CompiledTier, TierStage } from './tiers.ts';
import type { VersionDigest } from './version.ts';
import type { Warnings } from './warnings.ts';

type ContractDocument = Loaded<'Contract'>;

/** A contract and the two who made it, by their qualified names. */
interface CompiledContract {
  readonly loaded: ContractDocument;
  readonly clientName: string;
  readonly apiName: string;
  /** Undefined if one of its references leads nowhere. */
  readonly contract: Contract | undefined;
}

export interface ContractContext {
  readonly index: DocumentIndex;
  readonly clients: ClientStage;
  readonly tiers: TierStage;
  readonly yieldIfDue: () => Promise<void> | undefined;
}

/** Contracts by qualified name, each checked against the client, the API and the tier that it names. */
export class ContractStage {
  readonly #version: VersionDigest;
  readonly #now: () => number;
  readonly #contracts = new Map<string, CompiledContract>();
  /** By API and client: a client has one contract with an API. */
  readonly #parties = new Claims<ContractDocument>();
  readonly #issues = new Map<ContractDocument, readonly Issue[]>();
  /** Few: approved ones with an end. */
  readonly #ending = new Map<ContractDocument, number>();

  /** @param now milliseconds since the Unix epoch */
  constructor(version: VersionDigest, now: () => number) {
    this.#version = version;
    this.#now = now;
  }

  get size(): number {
    return this.#contracts.size;
  }

  /** The contracts whose references all exist. */
  *all(): Iterable<Contract> {
    for (const { contract } of this.#contracts.values()) if (contract !== undefined) yield contract;
  }

  /**
   * Compiles contracts that have changed, or whose client or API has changed.
   * @param clients qualified names of clients that have changed
   * @param apis qualified names of APIs that have changed
   */
  async take(
    changes: Changes,
    { clients, apis }: { readonly clients: ReadonlySet<string>; readonly apis: ReadonlySet<string> },
    context: ContractContext,
  ): Promise<readonly ContractChange[]> {
    const changed: ContractChange[] = [];
    const forget = (known: CompiledContract): void => {
      const { contract } = known;
      if (contract !== undefined)
        changed.push({ clientId: contract.client.clientId, api: known.apiName, contract: undefined });
      this.#forget(known);
    };
    for (const { document } of changes.removals('Contract')) {
      const known = this.#contracts.get(qualifiedName(document.metadata));
      if (known !== undefined) forget(known);
    }
    const again: ContractDocument[] = [];
    if (clients.size > 0 || apis.size > 0) {
      for (const known of Array.from(this.#contracts.values())) {
        if (!clients.has(known.clientName) && !apis.has(known.apiName)) continue;
        again.push(known.loaded);
        forget(known);
      }
    }
    for (const loaded of [...again, ...changes.upserts('Contract')]) {
      const { contract, apiName } = this.#add(loaded, context);
      if (contract !== undefined) changed.push({ clientId: contract.client.clientId, api: apiName, contract });
      const pause = context.yieldIfDue();
      if (pause !== undefined) await pause;
    }
    return changed;
  }

  tellFaults(faults: Faults): void {
    for (const [{ place }, issues] of this.#issues) addIssues(faults, place, issues);
    for (const { claimant, holder } of this.#parties.contested()) {
      const message = `has another contract with this API: ${whereIs(holder)}`;
      addIssues(faults, claimant.place, [issue('clientApplication', message)]);
      faults.addRival(holder.place);
    }
  }

  tellWarnings(warnings: Warnings): void {
    const now = this.#now();
    for (const [{ place }, endsAt] of this.#ending) {
      if (endsAt > now) continue;
      warnings.add(place, [issue('expiresAt', 'has ended already, so its client is refused: renew it, or delete it')]);
    }
  }

  #add(loaded: ContractDocument, { index, clients, tiers }: ContractContext): CompiledContract {
    const { metadata, spec } = loaded.document;
    const name = qualifiedName(metadata);
    const clientName = clientFrom(metadata, spec.clientApplication);
    const apiName = referenceFrom(metadata, spec.api);
    const client = clients.client(clientName);
    const ofApi = tiers.of(apiName);
    const tier = ofApi?.find((each) => each.name === spec.tier);
    const issues = [
      ...dangling(index, 'ClientApplication', client, clientName),
      ...dangling(index, 'Api', ofApi, apiName),
      ...(ofApi === undefined ? [] : tierIssues(loaded, tier, ofApi)),
      ...(statusOf(spec, tier) === 'pending' ? retiredIssues(index, apiName) : []),
    ];
    if (issues.length > 0) this.#issues.set(loaded, issues);
    if (client !== undefined && ofApi !== undefined) this.#parties.claim(partiesOf(apiName, clientName), loaded);
    const contract =
      client === undefined || issues.length > 0
        ? undefined
        : this.#made({ name, api: apiName, client, status: statusOf(spec, tier), tier: tier?.tier }, spec);
    if (contract !== undefined && statusOf(spec, tier) === 'approved' && spec.expiresAt !== undefined)
      this.#ending.set(loaded, Date.parse(spec.expiresAt));
    const compiled = { loaded, clientName, apiName, contract };
    this.#contracts.set(name, compiled);
    this.#version.add('Contract', name, contentOf(compiled));
    return compiled;
  }

  #made(contract: Contract, { expiresAt }: ContractSpec): Contract {
    return expiresAt === undefined ? contract : new ExpiringContract(contract, Date.parse(expiresAt), this.#now);
  }

  #forget(compiled: CompiledContract): void {
    const { loaded, apiName, clientName } = compiled;
    const name = qualifiedName(loaded.document.metadata);
    this.#contracts.delete(name);
    this.#issues.delete(loaded);
    this.#ending.delete(loaded);
    this.#parties.release(partiesOf(apiName, clientName), loaded);
    this.#version.remove('Contract', name, contentOf(compiled));
  }
}

function partiesOf(apiName: string, clientName: string): string {
  return `${apiName} ${clientName}`;
}

/** What the version of the documents covers. */
function contentOf({ loaded: { document }, clientName, apiName }: CompiledContract): readonly unknown[] {
  const { tier, status, expiresAt } = document.spec;
  const content = [document.metadata.labels, clientName, apiName, tier, status];
  return expiresAt === undefined ? content : [...content, Date.parse(expiresAt)];
}

type ContractSpec = ContractDocument['document']['spec'];

function statusOf({ status }: ContractSpec, tier: CompiledTier | undefined): Contract['status'] {
  return status ?? (tier?.autoApprove === true ? 'approved' : 'pending');
}

function dangling(
  index: DocumentIndex,
  kind: 'Api' | 'ClientApplication',
  found: unknown,
  name: string,
): readonly Issue[] {
  const message = found === undefined ? index.dangling(kind, name, kind === 'ClientApplication') : undefined;
  if (message === undefined) return [];
  return [{ ...issue(kind === 'Api' ? 'api' : 'clientApplication', message), isDangling: true }];
}

function tierIssues(
  { document: { spec } }: ContractDocument,
  tier: CompiledTier | undefined,
  ofApi: readonly CompiledTier[],
): readonly Issue[] {
  if (spec.tier === undefined) return [];
  if (tier === undefined) {
    const names = ofApi.map(({ name }) => name);
    const known = names.length === 0 ? '; it has none' : didYouMean(spec.tier, names) || `; it has ${names.join(', ')}`;
    return [issue('tier', `the API ${spec.api} has no tier of this name${known}`)];
  }
  if (!tier.deprecated || statusOf(spec, tier) !== 'pending') return [];
  return [issue('tier', 'this tier is deprecated and takes no new contracts: name another one')];
}

function retiredIssues(index: DocumentIndex, api: string): readonly Issue[] {
  const document = index.get('Api', api)?.document;
  if (document?.kind !== 'Api' || document.metadata.lifecycle !== 'retired') return [];
  return [issue('api', 'this API is retired and takes no new contracts: reject this one, or delete it')];
}

function issue(field: string, message: string): Issue {
  return { path: ['spec', field], at: 'value', message };
}
