import type { z } from 'zod';
import { documentSchemas } from '../document/schema.ts';
import { accessGrantSpec, apiBindingSpec } from './binding-schema.ts';

/** The group of all kinds; `document/schema.ts` has it with the version as `apiVersion`. */
export const GROUP = 'ostiary.dev';
export const VERSION = 'v1alpha1';

export const OBJECT_KINDS = [
  'Api',
  'ApiBinding',
  'PolicyBinding',
  'ClientApplication',
  'Contract',
  'Alert',
  'AccessGrant',
] as const;
export type ObjectKind = (typeof OBJECT_KINDS)[number];
/** Those that are documents. */
export type DocumentKind = Exclude<ObjectKind, 'ApiBinding' | 'AccessGrant'>;

export interface KindOfObject {
  readonly plural: string;
  /** With a letter of ours before it: others have taken `api`, `app` and `contract`. */
  readonly shortName: string;
  readonly description: string;
  readonly spec: z.ZodType;
  /** What documents say in their metadata, where an object has no room for it; undefined: it is no document. */
  readonly catalog: z.ZodObject | undefined;
  readonly columns: readonly Column[];
  readonly conditions: readonly ConditionType[];
}

/** A column of `kubectl get`. */
export interface Column {
  readonly name: string;
  readonly jsonPath: string;
  readonly type?: 'string' | 'integer' | 'date';
  /** 1: with `-o wide` alone. */
  readonly priority?: 1;
  readonly description?: string;
}

/** As GEP-713 has them. */
export type ConditionType = 'Accepted' | 'ResolvedRefs' | 'Programmed';

const ALL_CONDITIONS: readonly ConditionType[] = ['Accepted', 'ResolvedRefs', 'Programmed'];

/** Of documents, in Kubernetes' own metadata. */
const OF_KUBERNETES = { name: true, namespace: true, labels: true, annotations: true } as const;
const { Api, PolicyBinding, ClientApplication, Contract, Alert } = documentSchemas;

export const objectKinds: Readonly<Record<ObjectKind, KindOfObject>> = {
  Api: {
    plural: 'apis',
    shortName: 'oapi',
    description: 'An API: which requests are its, and the policies that they have to satisfy',
    spec: Api.shape.spec,
    catalog: Api.shape.metadata.omit(OF_KUBERNETES),
    columns: [
      { name: 'Hosts', jsonPath: '.spec.hosts' },
      { name: 'Path', jsonPath: '.spec.basePath' },
      { name: 'Asset', jsonPath: '.spec.catalog.asset', priority: 1 },
      { name: 'Version', jsonPath: '.spec.catalog.version', priority: 1 },
      { name: 'Lifecycle', jsonPath: '.spec.catalog.lifecycle', priority: 1 },
    ],
    conditions: ALL_CONDITIONS,
  },
  ApiBinding: {
    plural: 'apibindings',
    shortName: 'oab',
    description: 'Attaches an API to what carries its requests, and says whether it holds',
    spec: apiBindingSpec,
    catalog: undefined,
    columns: [
      { name: 'Api', jsonPath: '.spec.apiRef.name' },
      { name: 'Target', jsonPath: '.spec.targetRefs[*].name' },
      { name: 'Via', jsonPath: '.status.via' },
    ],
    conditions: ALL_CONDITIONS,
  },
  PolicyBinding: {
    plural: 'policybindings',
    shortName: 'opb',
    description: 'A policy, or a group of them, for one API or for those with some labels',
    spec: PolicyBinding.shape.spec,
    catalog: PolicyBinding.shape.metadata.omit(OF_KUBERNETES),
    columns: [
      { name: 'Policy', jsonPath: '.spec.policyRef.name' },
      { name: 'Target', jsonPath: '.spec.targetRef.kind' },
      { name: 'Api', jsonPath: '.spec.targetRef.name' },
      { name: 'Mode', jsonPath: '.spec.mode', priority: 1 },
    ],
    conditions: ALL_CONDITIONS,
  },
  ClientApplication: {
    plural: 'clientapplications',
    shortName: 'oca',
    description: 'A consumer of APIs, with what it proves itself by',
    spec: ClientApplication.shape.spec,
    catalog: ClientApplication.shape.metadata.omit(OF_KUBERNETES),
    columns: [
      { name: 'Client', jsonPath: '.spec.clientId' },
      { name: 'Owner', jsonPath: '.spec.catalog.owner', priority: 1 },
    ],
    conditions: ALL_CONDITIONS,
  },
  Contract: {
    plural: 'contracts',
    shortName: 'oct',
    description: 'The agreement that lets one client application use one API',
    // The control plane itself writes the record of who asked and decided.
    spec: Contract.shape.spec.omit({ record: true }),
    catalog: Contract.shape.metadata.omit(OF_KUBERNETES),
    columns: [
      { name: 'Client', jsonPath: '.spec.clientApplication' },
      { name: 'Api', jsonPath: '.spec.api' },
      { name: 'Tier', jsonPath: '.spec.tier' },
      { name: 'Status', jsonPath: '.spec.status' },
      { name: 'Expires', jsonPath: '.spec.expiresAt', priority: 1 },
    ],
    conditions: ALL_CONDITIONS,
  },
  Alert: {
    plural: 'alerts',
    shortName: 'oal',
    description: 'What is too much, too slow or too little, and who hears of it',
    spec: Alert.shape.spec,
    catalog: Alert.shape.metadata.omit(OF_KUBERNETES),
    columns: [
      { name: 'Metric', jsonPath: '.spec.metric' },
      { name: 'Api', jsonPath: '.spec.api' },
      { name: 'Threshold', jsonPath: '.spec.threshold' },
      { name: 'Severity', jsonPath: '.spec.severity', priority: 1 },
    ],
    conditions: ['Accepted', 'ResolvedRefs'],
  },
  AccessGrant: {
    plural: 'accessgrants',
    shortName: 'oag',
    description: 'What objects of other namespaces may take of this one: hosts and paths, and contracts',
    spec: accessGrantSpec,
    catalog: undefined,
    columns: [{ name: 'From', jsonPath: '.spec.from[*].namespace' }],
    conditions: ['Accepted'],
  },
};

/** The name of the CustomResourceDefinition. */
export function definitionName(kind: ObjectKind): string {
  return `${objectKinds[kind].plural}.${GROUP}`;
}
