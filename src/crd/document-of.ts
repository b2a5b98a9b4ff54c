import { formatPath, parseWith } from '../document/issues.ts';
import { API_VERSION, documentSchemas } from '../document/schema.ts';
import { secretsNamedIn } from '../document/secrets.ts';
import { withHashes } from './compared-secrets.ts';
import type { ResolveSecret, SecretReading } from './compared-secrets.ts';
import { mapPolicies, plainSecretFaults, withReferences } from './policy-secrets.ts';
import { formFaults } from './form-faults.ts';
import { contractProblem, guestsBy } from './grants.ts';
import type { Grant } from './grants.ts';
import { isObject, textOr } from './json.ts';
import type { Json } from './json.ts';
import { objectKinds } from './kinds.ts';
import type { DocumentKind } from './kinds.ts';
import { documentNamespace, foreignContractName, splitReference } from './names.ts';
import type { ClusterNames } from './names.ts';
import { invalid, notPermitted } from './object-fault.ts';
import type { ObjectFault } from './object-fault.ts';
import type { SecretRef } from './secret-ref.ts';
import { alertOfDocument, apiOfDocument, fieldOfObject, KUBERNETES_FIELDS } from './spec-forms.ts';

export interface DocumentContext extends ClusterNames {
  /** Reads Secrets of the object's own namespace, and no other. */
  readonly resolveSecret: ResolveSecret;
  /** All of the cluster. */
  readonly grants: readonly Grant[];
}

export interface MadeDocument {
  /** As its author could have written it: without defaults, and with no secret in plain text. */
  readonly document: Json;
  /** Secrets whose content is in the document, hashed: it is to be made again when one of them changes. */
  readonly hashed: readonly SecretRef[];
  /** Names of the Secrets of its namespace that its policies read: the control plane needs a document `Secret` for each. */
  readonly read: readonly string[];
}

export interface NoDocument {
  readonly faults: readonly ObjectFault[];
  /** Secrets that it names: one that comes may mend it. */
  readonly hashed: readonly SecretRef[];
}

/** Whether an object of this kind becomes a document: an ApiBinding and an AccessGrant are the cluster's own. */
export function isDocumentKind(kind: unknown): kind is DocumentKind {
  return typeof kind === 'string' && Object.hasOwn(documentSchemas, kind) && Object.hasOwn(objectKinds, kind);
}

/**
 * Makes a document of an object. It is checked by itself, as by the schema of documents; what it may not say because of
 * others, and the options of its policies, the control plane checks when it is written: {@link faultFieldOf} says where
 * in the object the field of such a fault is.
 */
export function documentOf(object: Json, context: DocumentContext): MadeDocument | NoDocument {
  const { kind, metadata, spec } = object;
  if (!isDocumentKind(kind) || !isObject(metadata) || !isObject(spec) || object['apiVersion'] !== API_VERSION)
    return { faults: [invalid('', `expected an object of ${API_VERSION} that is a document`)], hashed: [] };
  const { name, namespace, uid } = metadata;
  const faults: ObjectFault[] = [];
  const reading: SecretReading = {
    resolve: context.resolveSecret,
    uid: textOr(uid, textOr(name, '')),
    used: [],
    faults,
  };
  const where = { namespace: textOr(namespace, 'default'), name: textOr(name, '') };
  const { catalog, ...own } = spec;
  const placed = { name: where.name, namespace: documentNamespace(where.namespace, context) };
  if (catalog !== undefined && !isObject(catalog)) faults.push(invalid('spec.catalog', 'expected a mapping'));
  for (const field of Object.keys(isObject(catalog) ? catalog : {}))
    if (KUBERNETES_FIELDS.has(field)) faults.push(invalid(`spec.catalog.${field}`, 'stands in metadata of the object'));
  faults.push(...formFaults(kind, own));
  const made = converted(kind, own, { where, placed, reading, context });
  const document: Json = {
    apiVersion: API_VERSION,
    kind,
    metadata: {
      ...(isObject(catalog) ? catalog : {}),
      ...made.placed,
      ...marks(metadata),
    },
    spec: made.spec,
  };
  faults.push(...plainSecretFaults(kind, made.spec));
  // A fault of a secret would be told a second time, as a form that none of the documents' is.
  if (faults.length === 0) {
    const parsed = parseWith(documentSchemas[kind], document);
    if ('issues' in parsed)
      faults.push(...parsed.issues.map(({ path, message }) => invalid(faultFieldOf(kind, path), message)));
  }
  if (faults.length > 0) return { faults, hashed: reading.used };
  return { document, hashed: reading.used, read: secretsNamedIn({ kind, spec: made.spec }) };
}

/** Where in the object the field of a fault of its document is, as it is told. */
export function faultFieldOf(kind: string, path: readonly PropertyKey[]): string {
  return formatPath(fieldOfObject(kind, path));
}

interface Converting {
  readonly where: { readonly namespace: string; readonly name: string };
  readonly placed: { readonly name: string; readonly namespace: string };
  readonly reading: SecretReading;
  readonly context: DocumentContext;
}

function converted(
  kind: DocumentKind,
  spec: Json,
  { where, placed, reading, context }: Converting,
): { readonly spec: Json; readonly placed: Converting['placed'] } {
  const { faults } = reading;
  const withSecrets = (policies: Json): Json =>
    mapPolicies(kind, policies, (config, at) => withReferences(config, at, faults));
  switch (kind) {
    case 'Api': {
      const api = withSecrets(apiOfDocument(spec));
      const guests = guestsBy(context.grants, where.namespace, where.name, context);
      const own = Array.isArray(api['guests']) ? api['guests'] : [];
      return { spec: guests.length === 0 ? api : { ...api, guests: [...own, ...guests] }, placed };
    }
    case 'PolicyBinding':
      return { spec: withSecrets(spec), placed };
    case 'ClientApplication':
      return { spec: withHashes(spec, reading), placed };
    case 'Contract':
      return contractOf(spec, { where, placed, reading, context });
    default:
      return { spec: alertOfDocument(spec), placed };
  }
}

/** A contract lies in the namespace of its API. Its client, and its API by a grant, may be of another one of the cluster. */
function contractOf(spec: Json, { where, placed, reading, context }: Converting): ReturnType<typeof converted> {
  const inCluster = (reference: string): string => {
    const { namespace, name } = splitReference(reference);
    return namespace === undefined ? name : `${documentNamespace(namespace, context)}/${name}`;
  };
  const { clientApplication, api, tier, status } = spec;
  if (typeof clientApplication !== 'string' || typeof api !== 'string') return { spec, placed };
  const own = { ...spec, clientApplication: inCluster(clientApplication) };
  const { namespace: to, name: apiName } = splitReference(api);
  if (to === undefined || to === where.namespace) return { spec: { ...own, api: apiName }, placed };
  const claim = { from: where.namespace, to, api: apiName, tier: typeof tier === 'string' ? tier : undefined, status };
  const problem = contractProblem(context.grants, claim);
  if (problem !== undefined) reading.faults.push(notPermitted('spec.api', problem));
  // A grant is for what those of the namespace have.
  const { namespace: of = where.namespace, name: client } = splitReference(clientApplication);
  if (of !== where.namespace)
    reading.faults.push(
      notPermitted('spec.clientApplication', `with an API of another namespace it is one of ${where.namespace} itself`),
    );
  return {
    spec: { ...own, clientApplication: inCluster(`${where.namespace}/${client}`), api: apiName },
    placed: { name: foreignContractName(where.namespace, where.name), namespace: documentNamespace(to, context) },
  };
}

/** Annotations that deployers and controllers write. */
const OF_TOOLS = /^(?:[^/]*\.)?(?:kubernetes\.io|k8s\.io|helm\.sh|argoproj\.io|fluxcd\.io|ostiary\.dev)\//;

/** Labels, and the annotations that its author wrote: those of tools change by themselves, and hold the whole object. */
function marks({ labels, annotations }: Json): Json {
  const kept = isObject(annotations) ? Object.entries(annotations).filter(([key]) => !OF_TOOLS.test(key)) : [];
  return {
    ...(isObject(labels) && Object.keys(labels).length > 0 && { labels }),
    ...(kept.length > 0 && { annotations: Object.fromEntries(kept) }),
  };
}
