import { formatSecretHash, hashSecret } from '../contract/secret.ts';
import { valueIn, withValueAt } from '../document/environment.ts';
import { formatPath, parseWith } from '../document/issues.ts';
import { DEFAULT_NAMESPACE } from '../document/names.ts';
import { literalOf } from '../document/plain-secrets.ts';
import { API_VERSION, documentSchemas } from '../document/schema.ts';
import { isDocumentKind } from './document-of.ts';
import { isObject, textOr, without } from './json.ts';
import type { Json } from './json.ts';
import type { DocumentKind } from './kinds.ts';
import { objectNamespace, splitReference } from './names.ts';
import type { ClusterNames } from './names.ts';
import { invalid } from './object-fault.ts';
import type { ObjectFault } from './object-fault.ts';
import { mapPolicies, secretPlacesIn } from './policy-secrets.ts';
import { OBJECT_NAME } from './secret-ref.ts';
import type { SecretRef } from './secret-ref.ts';
import { alertOfObject, apiOfObject } from './spec-forms.ts';

/** A key of a Secret that has to be there before the object. */
export interface WantedSecret {
  readonly namespace: string;
  readonly ref: SecretRef;
  /** What it has to hold, for people: no value is in it. */
  readonly holds: string;
}

export interface MadeObject {
  readonly object: Json;
  readonly wanted: readonly WantedSecret[];
}

/** As Kubernetes has labels and annotations. */
const MARK_KEY =
  /^(?:(?=.{1,253}\/)[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*\/)?(?=[^/]{1,63}$)[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?$/;
const LABEL_VALUE = /^(?:[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?)?$/;

/** Where in a document, and what is wrong with it for an object. Fields are those of the document. */
export function objectOf(
  document: Json,
  names: ClusterNames,
): MadeObject | { readonly faults: readonly ObjectFault[] } {
  const { kind } = document;
  if (!isDocumentKind(kind))
    return {
      faults: [invalid('kind', 'is no kind of objects: such documents stay at the control plane (ostiary apply)')],
    };
  const parsed = parseWith(documentSchemas[kind], document);
  if ('issues' in parsed)
    return { faults: parsed.issues.map(({ path, message }) => invalid(formatPath(path), message)) };
  const faults: ObjectFault[] = [];
  const { metadata, spec } = document as { readonly metadata: Json; readonly spec: Json };
  const written = textOr(metadata['namespace'], DEFAULT_NAMESPACE);
  const namespace = objectNamespace(written, names);
  const name = String(metadata['name']);
  if (namespace === undefined) faults.push(invalid('metadata.namespace', namespaceProblem(names)));
  if (!OBJECT_NAME.test(name))
    faults.push(
      invalid(
        'metadata.name',
        'is no name of an object: rename it, in what names it too; lower-case letters and digits, with "-" or "." between them',
      ),
    );
  faults.push(...markFaults(metadata));
  const wanted: WantedSecret[] = [];
  const asking: Asking = {
    owner: name,
    want: (key, holds) => {
      const ref = { name, key };
      wanted.push({ namespace: namespace ?? '', ref, holds });
      return ref;
    },
  };
  const made = specOf(kind, spec, { names, faults, asking });
  if (faults.length > 0) return { faults };
  const { labels, annotations } = metadata;
  const catalog = without(metadata, 'name', 'namespace', 'labels', 'annotations');
  const object = {
    apiVersion: API_VERSION,
    kind,
    metadata: {
      name,
      namespace,
      ...(labels !== undefined && { labels }),
      ...(annotations !== undefined && { annotations }),
    },
    spec: Object.keys(catalog).length === 0 ? made : { ...made, catalog },
  };
  return { object, wanted };
}

function namespaceProblem({ cluster }: ClusterNames): string {
  const text = 'is no namespace of Kubernetes: lower-case letters and digits, with "-" between them, at most 63';
  return cluster === undefined ? text : `is none of the cluster: expected ${cluster}.NAMESPACE`;
}

function markFaults({ labels, annotations }: Json): readonly ObjectFault[] {
  const keys = (marks: unknown, field: string): readonly ObjectFault[] =>
    Object.keys(isObject(marks) ? marks : {})
      .filter((key) => !MARK_KEY.test(key))
      .map((key) =>
        invalid(
          formatPath(['metadata', field, key]),
          'is no key that Kubernetes takes: a name of at most 63 characters, after a DNS name and "/" or none',
        ),
      );
  const values = Object.entries(isObject(labels) ? labels : {})
    .filter(([, value]) => !LABEL_VALUE.test(String(value)))
    .map(([key]) =>
      invalid(
        formatPath(['metadata', 'labels', key]),
        'is no value that Kubernetes takes: at most 63 letters and digits, with ".", "_" or "-" between them',
      ),
    );
  return [...keys(labels, 'labels'), ...values, ...keys(annotations, 'annotations')];
}

interface Asking {
  readonly owner: string;
  /** Names a key of a Secret, which is to hold something. */
  readonly want: (key: string, holds: string) => SecretRef;
}

interface Making {
  readonly names: ClusterNames;
  readonly faults: ObjectFault[];
  readonly asking: Asking;
}

function specOf(kind: DocumentKind, spec: Json, { names, faults, asking }: Making): Json {
  switch (kind) {
    case 'Api':
      return policySecretsReferred(kind, apiOfObject(spec), asking);
    case 'PolicyBinding':
      return policySecretsReferred(kind, spec, asking);
    case 'ClientApplication':
      return secretsReferred(spec, asking);
    case 'Contract': {
      const { clientApplication, ...rest } = without(spec, 'record');
      const { namespace, name } = splitReference(String(clientApplication));
      if (namespace === undefined) return { clientApplication, ...rest };
      const own = objectNamespace(namespace, names);
      if (own === undefined) faults.push(invalid('spec.clientApplication', namespaceProblem(names)));
      return { clientApplication: `${own}/${name}`, ...rest };
    }
    default:
      return alertOfObject(spec);
  }
}

/** What a policy holds in plain text, or reads from the environment, is read from a Secret. */
function policySecretsReferred(kind: string, spec: Json, { want }: Asking): Json {
  return mapPolicies(kind, spec, (config, path, policy) => {
    let changed = config;
    for (const place of secretPlacesIn(policy, config)) {
      const value = valueIn(config, place);
      const at = formatPath([...path, ...place]);
      const key = at
        .replace('spec.', '')
        .replaceAll(/\[(\d+)\]/g, '-$1')
        .replaceAll(/[^A-Za-z0-9._-]+/g, '-');
      changed = withValueAt(changed, place, { secretRef: want(key, holdsOf(value, at)) });
    }
    return changed;
  });
}

function secretsReferred(spec: Json, asking: Asking): Json {
  const one = (source: unknown, key: string): unknown => (isObject(source) ? referred(source, key, asking) : source);
  const { clientSecret, clientSecrets, apiKeys } = spec;
  return {
    ...spec,
    ...(clientSecret !== undefined && { clientSecret: one(clientSecret, 'clientSecret') }),
    ...(Array.isArray(clientSecrets) && {
      clientSecrets: clientSecrets.map((each, at) => one(each, `clientSecret-${at + 1}`)),
    }),
    ...(Array.isArray(apiKeys) && {
      apiKeys: apiKeys.map((each) => one(each, `apiKey-${isObject(each) ? String(each['id']) : ''}`)),
    }),
  };
}

/** A secret that stands there is hashed: an object is kept in files, and read by many. */
function referred(source: Json, key: string, { want }: Asking): Json {
  const { value, file, ...rest } = source;
  if (typeof file === 'string') return { ...rest, secretRef: want(key, `the content of the file ${file}`) };
  if (typeof value !== 'string') return source;
  const literal = literalOf(value);
  if (literal === undefined) return { ...rest, secretRef: want(key, holdsOf(value, key)) };
  const prefix = `${textOr(source['id'], '')}.`;
  const secret = source['id'] !== undefined && literal.startsWith(prefix) ? literal.slice(prefix.length) : literal;
  return { ...rest, ...formatSecretHash(hashSecret(secret)) };
}

function holdsOf(value: unknown, at: string): string {
  return typeof value === 'string' && literalOf(value) === undefined ? `what ${value} reads` : `what stands at ${at}`;
}
