import { isDocumentKind } from '../crd/document-of.ts';
import type { ObjectKind } from '../crd/kinds.ts';
import { grantOf } from '../crd/grants.ts';
import type { Grant } from '../crd/grants.ts';
import type { KubernetesObject } from '../kubernetes/object.ts';
import { keyText } from '../registry/conflict.ts';
import { convert } from './conversion.ts';
import type { ConversionPorts } from './conversion.ts';
import { sourceOf } from './object-key.ts';
import type { ObjectKey } from './object-key.ts';
import type { Objects } from './objects.ts';
import { OwnResources } from './own-resources.ts';
import type { Json, Outcome, Resources, ResourceWrite } from './resources.ts';
import { HELD_BACK } from './reconciler.ts';
import type { HeldBack } from './reconciler.ts';
import { SecretDocuments } from './secret-documents.ts';
import { ACCEPTED, RESOLVED, verdictsOf, verdictsOfWrite } from './verdict.ts';
import type { Judgement } from './verdict.ts';

export interface LookingPorts extends ConversionPorts {
  readonly objects: Pick<Objects, 'get' | 'ofKind' | 'isSynced' | 'isFollowed'>;
  readonly resources: Resources;
  /** Judges an ApiBinding. */
  bind(object: KubernetesObject): Promise<Judgement>;
  /** It can't be deleted: somebody else's resources need it. */
  readonly onHeld: (key: ObjectKey, message: string) => void;
  /** Objects whose resources had to go with another one's. */
  readonly onWithdrawn: (key: ObjectKey) => void;
}

/** Makes the log what the objects say, one at a time. */
export class Looking {
  readonly #ports: LookingPorts;
  readonly #own: OwnResources;
  readonly #secrets: SecretDocuments;

  constructor(ports: LookingPorts) {
    this.#ports = ports;
    this.#own = new OwnResources(ports.resources, ports.cluster);
    this.#secrets = new SecretDocuments(ports, this.#own);
  }

  get own(): OwnResources {
    return this.#own;
  }

  /** Objects that name a Secret. */
  usersOf(secret: string): readonly ObjectKey[] {
    return this.#secrets.usersOf(secret);
  }

  /** Secrets that nobody reads any more: after a start, when all objects were looked at. */
  async sweep(): Promise<void> {
    await this.#secrets.sweep();
  }

  /**
   * Looks at some objects, and writes what they say at once.
   * @returns in their order; undefined: it is gone
   */
  async look(keys: readonly ObjectKey[]): Promise<readonly (Judgement | undefined | HeldBack)[]> {
    const prepared: (Judgement | undefined | HeldBack | Prepared)[] = [];
    for (const key of keys) prepared.push(await this.#prepare(key));
    const writes = prepared.filter((each) => each instanceof Prepared);
    const outcomes = await this.#ports.resources.writeAll(writes);
    const judgements: (Judgement | undefined | HeldBack)[] = [];
    for (const each of prepared) {
      if (!(each instanceof Prepared)) judgements.push(each);
      else {
        const outcome = outcomes[writes.indexOf(each)];
        judgements.push(outcome && (await this.#written(each, outcome)));
      }
    }
    return judgements;
  }

  async #prepare(key: ObjectKey): Promise<Judgement | undefined | HeldBack | Prepared> {
    const object = this.#ports.objects.get(key);
    if (object === undefined) return this.#remove(key);
    if (key.kind === 'AccessGrant') return judgementOfGrant(object);
    if (!isDocumentKind(key.kind)) return this.#ports.bind(object);
    const source = sourceOf(this.#ports.cluster, key);
    const generation = object.metadata.generation ?? 0;
    const converted = await convert(object, this.#grants(), this.#ports);
    const { document } = converted;
    if (document === undefined) {
      this.#secrets.depend(key, converted.secrets);
      return this.#refused(source, generation, verdictsOf(converted.faults));
    }
    const secrets = await this.#secrets.provide(key, converted);
    if (secrets.faults.length > 0) return this.#refused(source, generation, verdictsOf(secrets.faults));
    return new Prepared({ key, source, generation, document, secretRevision: secrets.revision });
  }

  #refused(source: string, generation: number, verdicts: Pick<Judgement, 'accepted' | 'resolved'>): Judgement {
    return { generation, ...verdicts, resource: this.#own.of(source), isWritten: false };
  }

  async #written(
    { key, source, generation, document, secretRevision }: Prepared,
    outcome: Outcome,
  ): Promise<Judgement> {
    if (outcome.kind === 'faulty') {
      const own = keyText(keyOfDocument(document));
      return this.#refused(source, generation, verdictsOfWrite(key.kind, own, outcome.faults));
    }
    if (outcome.kind === 'others') {
      const accepted = { isTrue: false, reason: 'OwnedElsewhere', message: outcome.message };
      return this.#refused(source, generation, { accepted, resolved: RESOLVED });
    }
    const before = this.#own.of(source);
    // A Contract has come into another namespace.
    if (before !== undefined && keyText(before) !== keyText(outcome.key))
      await this.#ports.resources.remove(before, source);
    this.#own.set(source, { ...outcome.key, revision: outcome.revision });
    await this.#secrets.settle(key);
    const resource = { ...outcome.key, revision: Math.max(outcome.revision, secretRevision) };
    return { generation, accepted: ACCEPTED, resolved: RESOLVED, resource, isWritten: true };
  }

  #grants(): readonly Grant[] {
    return [...this.#ports.objects.ofKind('AccessGrant')].map(grantOf).filter((grant) => grant !== undefined);
  }

  async #remove(key: ObjectKey): Promise<undefined | HeldBack> {
    const { objects } = this.#ports;
    // What is not known is not gone.
    if (!objects.isSynced(key.kind as ObjectKind) || !objects.isFollowed(key.namespace)) return undefined;
    const source = sourceOf(this.#ports.cluster, key);
    const resource = this.#own.of(source);
    if (resource !== undefined) {
      const held = await this.#removeResource(key, source);
      if (held !== undefined) return held;
    }
    this.#secrets.depend(key, new Set());
    await this.#secrets.settle(key);
    return undefined;
  }

  /** What of this cluster can't be without it goes first: its object is then looked at again, and says what is missing. */
  async #removeResource(key: ObjectKey, source: string): Promise<undefined | HeldBack> {
    const { resources, onHeld, onWithdrawn } = this.#ports;
    for (;;) {
      const resource = this.#own.of(source);
      if (resource === undefined) return undefined;
      const outcome = await resources.remove(resource, source);
      if (outcome.kind !== 'faulty') {
        // What somebody else has taken over is theirs.
        this.#own.delete(source);
        return undefined;
      }
      const dependents = new Set(outcome.faults.map((fault) => this.#own.objectOf(fault.resource)));
      if (dependents.has(undefined) || dependents.size === 0) {
        onHeld(key, outcome.faults.map(({ resource: other, message }) => `${other}: ${message}`).join('; '));
        return HELD_BACK;
      }
      for (const dependent of dependents) {
        if (dependent === undefined) continue;
        const held = await this.#removeResource(dependent, sourceOf(this.#ports.cluster, dependent));
        if (held !== undefined) return held;
        onWithdrawn(dependent);
      }
    }
  }
}

/** What is to be written of one object. */
class Prepared implements ResourceWrite {
  readonly key: ObjectKey;
  readonly source: string;
  readonly generation: number;
  readonly document: Json;
  /** The latest of the Secrets' that it reads. */
  readonly secretRevision: number;

  constructor({ key, source, generation, document, secretRevision }: Omit<Prepared, never>) {
    this.key = key;
    this.source = source;
    this.generation = generation;
    this.document = document;
    this.secretRevision = secretRevision;
  }
}

function keyOfDocument({ kind, metadata }: Json) {
  const { namespace, name } = Object(metadata) as { namespace?: unknown; name?: unknown };
  return { kind: String(kind), namespace: String(namespace), name: String(name) };
}

function judgementOfGrant(object: KubernetesObject): Judgement {
  const isValid = grantOf(object) !== undefined;
  const accepted = isValid
    ? ACCEPTED
    : { isTrue: false, reason: 'Invalid', message: 'it is not as the schema of its kind has it, and grants nothing' };
  return {
    generation: object.metadata.generation ?? 0,
    accepted,
    resolved: RESOLVED,
    resource: undefined,
    isWritten: isValid,
  };
}
