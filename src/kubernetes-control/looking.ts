import { isDocumentKind } from '../crd/document-of.ts';
import type { ObjectKind } from '../crd/kinds.ts';
import { grantOf } from '../crd/grants.ts';
import type { Grant } from '../crd/grants.ts';
import type { KubernetesObject } from '../kubernetes/object.ts';
import { keyText } from '../registry/conflict.ts';
import { convert } from './conversion.ts';
import type { ConversionPorts } from './conversion.ts';
import { objectText, sourceOf } from './object-key.ts';
import type { ObjectKey } from './object-key.ts';
import type { Objects } from './objects.ts';
import { OwnResources } from './own-resources.ts';
import type { Resources } from './resources.ts';
import { HeldBack } from './reconciler.ts';
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

  /** Rejects where the log or the cluster can't be asked now. */
  async look(key: ObjectKey): Promise<Judgement | undefined> {
    const object = this.#ports.objects.get(key);
    if (object === undefined) return this.#remove(key);
    if (key.kind === 'AccessGrant') return judgementOfGrant(object);
    if (!isDocumentKind(key.kind)) return this.#ports.bind(object);
    return this.#write(key, object);
  }

  async #write(key: ObjectKey, object: KubernetesObject): Promise<Judgement> {
    const { cluster, resources } = this.#ports;
    const source = sourceOf(cluster, key);
    const generation = object.metadata.generation ?? 0;
    const converted = await convert(object, this.#grants(), this.#ports);
    const { document } = converted;
    const before = this.#own.of(source);
    const refused = (verdicts: Pick<Judgement, 'accepted' | 'resolved'>): Judgement => {
      return { generation, ...verdicts, resource: this.#own.of(source), isWritten: false };
    };
    if (document === undefined) {
      this.#secrets.depend(key, converted.secrets);
      return refused(verdictsOf(converted.faults));
    }
    const secrets = await this.#secrets.provide(key, converted);
    if (secrets.faults.length > 0) return refused(verdictsOf(secrets.faults));
    const outcome = await resources.write(document, source);
    if (outcome.kind === 'faulty')
      return refused(verdictsOfWrite(key.kind, keyText(this.#keyOf(document)), outcome.faults));
    if (outcome.kind === 'others')
      return refused({
        accepted: { isTrue: false, reason: 'OwnedElsewhere', message: outcome.message },
        resolved: RESOLVED,
      });
    // A Contract has come into another namespace.
    if (before !== undefined && keyText(before) !== keyText(outcome.key)) await resources.remove(before, source);
    const resource = { ...outcome.key, revision: Math.max(outcome.revision, secrets.revision) };
    this.#own.set(source, { ...outcome.key, revision: outcome.revision });
    await this.#secrets.settle(key);
    return { generation, accepted: ACCEPTED, resolved: RESOLVED, resource, isWritten: true };
  }

  #keyOf(document: Readonly<Record<string, unknown>>) {
    const { kind, metadata } = document as { kind: string; metadata: { namespace: string; name: string } };
    return { kind, namespace: metadata.namespace, name: metadata.name };
  }

  #grants(): readonly Grant[] {
    return [...this.#ports.objects.ofKind('AccessGrant')].map(grantOf).filter((grant) => grant !== undefined);
  }

  async #remove(key: ObjectKey): Promise<undefined> {
    const { objects } = this.#ports;
    // What is not known is not gone.
    if (!objects.isSynced(key.kind as ObjectKind) || !objects.isFollowed(key.namespace)) return undefined;
    const source = sourceOf(this.#ports.cluster, key);
    const resource = this.#own.of(source);
    if (resource !== undefined) await this.#removeResource(key, source);
    this.#secrets.depend(key, new Set());
    await this.#secrets.settle(key);
    return undefined;
  }

  /** What of this cluster can't be without it goes first: its object is then looked at again, and says what is missing. */
  async #removeResource(key: ObjectKey, source: string): Promise<void> {
    const { resources, onHeld, onWithdrawn } = this.#ports;
    for (;;) {
      const resource = this.#own.of(source);
      if (resource === undefined) return;
      const outcome = await resources.remove(resource, source);
      if (outcome.kind !== 'faulty') {
        // What somebody else has taken over is theirs.
        this.#own.delete(source);
        return;
      }
      const dependents = new Set(outcome.faults.map((fault) => this.#own.objectOf(fault.resource)));
      if (dependents.has(undefined) || dependents.size === 0) {
        onHeld(key, outcome.faults.map(({ resource: other, message }) => `${other}: ${message}`).join('; '));
        throw new HeldBack(objectText(key));
      }
      for (const dependent of dependents) {
        if (dependent === undefined) continue;
        await this.#removeResource(dependent, sourceOf(this.#ports.cluster, dependent));
        onWithdrawn(dependent);
      }
    }
  }
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
