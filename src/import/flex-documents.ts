import { API_VERSION } from '../document/schema.ts';
import type { FlexDocument } from './flex-files.ts';
import { importPolicy, isLeftToEnvoy } from './flex-policies.ts';
import { importRules } from './flex-rules.ts';
import type { Fields, Path, Remarks } from './remarks.ts';

export const FLEX_VERSION = 'gateway.mulesoft.com/v1alpha1';

/** One of our documents, made from one of theirs. */
export interface Made {
  readonly of: FlexDocument;
  readonly value: Fields;
  /** Maps a path in our document to the path in theirs. */
  readonly written: (path: Path) => Path;
}

/** The hosts of each ApiInstance, by its name, with its namespace in front unless that is `default`. */
export type HostsOf = ReadonlyMap<string, readonly string[]>;

const METADATA = ['name', 'namespace', 'labels', 'annotations'];

/** `NAME`, or `NAMESPACE/NAME`. */
export function nameOf({ value }: FlexDocument): string {
  const { name, namespace } = (value['metadata'] ?? {}) as { readonly name?: string; readonly namespace?: string };
  return namespace === undefined || namespace === 'default' ? String(name) : `${namespace}/${String(name)}`;
}

/** @returns undefined if there is a fault, which is reported */
export function metadataOf({ value, remarks }: FlexDocument): Fields | undefined {
  const metadata = remarks.fields(value, 'metadata');
  if (metadata === undefined) {
    if (value['metadata'] === undefined) remarks.at('metadata').refuse('is missing: expected a mapping');
    return undefined;
  }
  remarks.at('metadata').refuseOthers(metadata, METADATA);
  const { labels, annotations, ...others } = metadata;
  // Annotations come from tools, and nothing selects by them.
  void annotations;
  return labels === undefined || labels === null ? others : { ...others, labels: textsOf(labels) };
}

/** Converts labels to text, whatever YAML makes of `yes`, `true` or `2`. */
export function textsOf(labels: unknown): unknown {
  if (typeof labels !== 'object' || labels === null || Array.isArray(labels)) return labels;
  const scalar = (value: unknown): unknown =>
    typeof value === 'number' || typeof value === 'boolean' ? String(value) : value;
  return Object.fromEntries(Object.entries(labels).map(([name, value]) => [name, scalar(value)]));
}

export interface Address {
  readonly port: string;
  readonly basePath: string;
}

/** Reads `spec.address` of an ApiInstance: where it listens, and its base path. */
export function addressOf(spec: Fields, remarks: Remarks): Address | undefined {
  const written = remarks.text(spec, 'address');
  if (written === undefined) {
    if (spec['address'] === undefined)
      remarks.at('address').refuse('is missing: expected http://0.0.0.0:PORT/BASEPATH');
    return undefined;
  }
  const parts = /^(https?):\/\/[^/?#]*?(?::(\d{1,5}))?(\/[^?#]*)?$/.exec(written);
  if (parts === null) {
    remarks.at('address').refuse('expected http://0.0.0.0:PORT/BASEPATH');
    return undefined;
  }
  const [, scheme, port = scheme === 'https' ? '443' : '80', basePath = '/'] = parts;
  return { port, basePath: basePath.length > 1 ? basePath.replace(/\/$/, '') : '/' };
}

export function makeApi(document: FlexDocument, hosts: HostsOf): Made | undefined {
  const { value, remarks } = document;
  const metadata = metadataOf(document);
  const spec = remarks.fields(value, 'spec') ?? {};
  const ofSpec = remarks.at('spec');
  ofSpec.refuseOthers(spec, ['address', 'services', 'policies']);
  const address = addressOf(spec, ofSpec);
  if (spec['services'] !== undefined && spec['services'] !== null) {
    ofSpec
      .at('services')
      .note("services and routes are Envoy's: ostiary decides on the path that callers send, before it is rewritten");
  }
  const places: number[] = [];
  const policies = ofSpec.list(spec, 'policies').flatMap((fields, index) => {
    const ofPolicy = ofSpec.at('policies', index);
    ofPolicy.refuseOthers(fields, ['policyRef', 'config', 'rules', 'order']);
    const policy = policyOf(fields, ofPolicy);
    if (policy === undefined) return [];
    places.push(index);
    return [policy];
  });
  if (metadata === undefined || address === undefined) return undefined;
  const ofHosts = hosts.get(nameOf(document));
  return {
    of: document,
    value: {
      apiVersion: API_VERSION,
      kind: 'Api',
      metadata,
      spec: {
        ...(ofHosts === undefined ? {} : { hosts: ofHosts }),
        basePath: address.basePath,
        ...(policies.length === 0 ? {} : { policies }),
      },
    },
    written(path) {
      const [first, second, third, ...rest] = path;
      if (first !== 'spec') return path;
      if (second === 'basePath' || second === 'hosts') return ['spec', 'address'];
      if (second !== 'policies' || typeof third !== 'number') return path;
      return ['spec', 'policies', places[third] ?? third, ...rest];
    },
  };
}

/** Imports the fields that policies of an API and bindings share. */
export function policyOf(fields: Fields, remarks: Remarks): Fields | undefined {
  const policy = importPolicy(fields, remarks);
  const rules = importRules(fields, remarks);
  if (policy === undefined) return undefined;
  const { order } = fields;
  return {
    policyRef: policy.policyRef,
    ...(order === undefined || order === null ? {} : { order }),
    ...(rules === undefined ? {} : { rules }),
    ...(Object.keys(policy.config).length === 0 ? {} : { config: policy.config }),
  };
}

export function makeBinding(document: FlexDocument): Made | undefined {
  const { value, remarks } = document;
  const metadata = metadataOf(document);
  const spec = remarks.fields(value, 'spec') ?? {};
  const ofSpec = remarks.at('spec');
  ofSpec.refuseOthers(spec, ['targetRef', 'policyRef', 'config', 'rules', 'order']);
  const target = targetOf(spec, ofSpec);
  const policy = policyOf(spec, ofSpec);
  if (metadata === undefined || target === undefined || policy === undefined) return undefined;
  const { namespace = metadata['namespace'], ...targetRef } = target;
  return {
    of: document,
    value: {
      apiVersion: API_VERSION,
      kind: 'PolicyBinding',
      metadata: namespace === undefined ? metadata : { ...metadata, namespace },
      spec: { targetRef, ...policy },
    },
    written: (path) => path,
  };
}

function targetOf(spec: Fields, remarks: Remarks): Fields | undefined {
  const target = remarks.fields(spec, 'targetRef');
  const ofTarget = remarks.at('targetRef');
  if (target === undefined) {
    if (spec['targetRef'] === undefined) ofTarget.refuse('is missing: expected a mapping');
    return undefined;
  }
  const kind = target['kind'] ?? 'ApiInstance';
  if (kind === 'Selector') {
    ofTarget.refuseOthers(target, ['kind', 'selector', 'namespace']);
    const selector = ofTarget.fields(target, 'selector') ?? {};
    const ofSelector = ofTarget.at('selector');
    ofSelector.refuseOthers(selector, ['kind', 'labels']);
    if ((selector['kind'] ?? 'ApiInstance') !== 'ApiInstance') {
      ofSelector.at('kind').refuse('selects what is no ApiInstance: only APIs have policies here');
      return undefined;
    }
    const { labels } = selector;
    return {
      kind: 'Selector',
      selector: { kind: 'Api', ...(labels === undefined || labels === null ? {} : { labels: textsOf(labels) }) },
      ...namespaceOf(target),
    };
  }
  ofTarget.refuseOthers(target, ['kind', 'name', 'namespace']);
  if (kind === 'ApiInstance') return { kind: 'Api', name: target['name'], ...namespaceOf(target) };
  const policy = (spec['policyRef'] as Fields | undefined)?.['name'];
  if (kind !== 'Service') ofTarget.at('kind').refuse('expected ApiInstance or Selector');
  // If the policy is left to Envoy, a note about it is enough.
  else if (typeof policy !== 'string' || !isLeftToEnvoy(policy)) {
    ofTarget
      .at('kind')
      .refuse(
        'a Service is a cluster of Envoy: ostiary decides on requests to APIs. Bind it to the ApiInstance, or remove it',
      );
  }
  return undefined;
}

function namespaceOf({ namespace }: Fields): Fields {
  return namespace === undefined || namespace === null ? {} : { namespace };
}
