import { namespaceOf } from '../../document/names.ts';
import { isFields } from '../remarks.ts';
import type { Fields } from '../remarks.ts';

/** In an Api: which instance it was made of. */
export const API_ANNOTATION = 'anypoint.mulesoft.com/api-instance';
/** In a PolicyBinding: which automated policy. */
export const POLICY_ANNOTATION = 'anypoint.mulesoft.com/automated-policy';

export interface Named {
  readonly namespace: string;
  readonly name: string;
}

export interface KnownApplication extends Named {
  readonly document: Fields;
}

export interface KnownContract {
  readonly name: string;
  readonly status: string | undefined;
  readonly document: Fields;
}

/** What is there already, where the import leads. */
export class Existing {
  readonly #applications = new Map<string, KnownApplication>();
  readonly #imported = new Map<string, Named>();
  readonly #contracts = new Map<string, KnownContract>();
  readonly #names = new Map<string, string[]>();

  constructor(documents: Iterable<Fields>) {
    for (const document of documents) this.#add(document);
  }

  application(clientId: string): KnownApplication | undefined {
    return this.#applications.get(clientId);
  }

  /** What an earlier import made of something there. */
  imported(annotation: string, id: string): Named | undefined {
    return this.#imported.get(`${annotation} ${id}`);
  }

  contract(api: Named, application: Named): KnownContract | undefined {
    return this.#contracts.get(pairOf(api, application));
  }

  /** Names of a kind in a namespace. */
  namesOf(kind: string, namespace: string): readonly string[] {
    return this.#names.get(`${kind} ${namespace}`) ?? [];
  }

  #add(document: Fields): void {
    const { kind, metadata, spec } = document;
    if (typeof kind !== 'string' || !isFields(metadata) || !isFields(spec)) return;
    const { name, annotations } = metadata;
    if (typeof name !== 'string') return;
    const own = { namespace: namespaceOf(metadata as { name: string; namespace?: string }), name };
    const key = `${kind} ${own.namespace}`;
    const names = this.#names.get(key);
    if (names === undefined) this.#names.set(key, [name]);
    else names.push(name);
    for (const annotation of [API_ANNOTATION, POLICY_ANNOTATION]) {
      const id = isFields(annotations) ? annotations[annotation] : undefined;
      if (typeof id === 'string') this.#imported.set(`${annotation} ${id}`, own);
    }
    if (kind === 'ClientApplication' && typeof spec['clientId'] === 'string') {
      this.#applications.set(spec['clientId'], { ...own, document });
    }
    const { api, clientApplication, status } = spec;
    if (kind !== 'Contract' || typeof api !== 'string' || typeof clientApplication !== 'string') return;
    const slash = clientApplication.indexOf('/');
    const application = {
      namespace: slash < 0 ? own.namespace : clientApplication.slice(0, slash),
      name: clientApplication.slice(slash + 1),
    };
    const known = { name, status: typeof status === 'string' ? status : undefined, document };
    this.#contracts.set(pairOf({ namespace: own.namespace, name: api }, application), known);
  }
}

function pairOf(api: Named, application: Named): string {
  return JSON.stringify([api.namespace, api.name, application.namespace, application.name]);
}
