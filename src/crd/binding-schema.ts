import { z } from 'zod';
import { basePath, host } from '../document/fields.ts';
import { namespaceName, objectName } from './secret-ref.ts';

// Kinds that there are in Kubernetes alone.

/** How an API is attached to what carries its traffic. */
const ATTACHMENTS = ['auto', 'ExternalAuth', 'AuthorizationPolicy', 'SecurityPolicy', 'EnvoyFilter'] as const;

const MOST_TARGETS = 16;
const MOST_LABELS = 32;

const target = z
  .strictObject({
    group: z
      .enum(['', 'gateway.networking.k8s.io'])
      .optional()
      .describe('Of its kind: empty for a Service, else gateway.networking.k8s.io. Absent: the one that has the kind'),
    kind: z.enum(['Service', 'HTTPRoute', 'GRPCRoute', 'Gateway']).describe('What carries the requests'),
    name: objectName.describe('In the namespace of this binding'),
    sectionName: z
      .string()
      .min(1)
      .max(253)
      .optional()
      .describe('A listener of the Gateway, a rule of the route, or a port of the Service; absent: all of it'),
  })
  .refine(({ group, kind }) => group === undefined || (kind === 'Service') === (group === ''), {
    path: ['group'],
    message: 'the group of a Service is empty, and that of the other kinds is gateway.networking.k8s.io',
  });

/** `spec` of an ApiBinding. */
export const apiBindingSpec = z
  .strictObject({
    apiRef: z
      .strictObject({ name: objectName.describe('An Api in the namespace of this binding') })
      .describe('The API'),
    targetRefs: z
      .array(target)
      .min(1)
      .max(MOST_TARGETS)
      .optional()
      .describe('What carries the requests of the API; in place of selector'),
    selector: z
      .strictObject({
        matchLabels: z
          .record(z.string().min(1).max(317), z.string().max(63))
          .refine((labels) => Object.keys(labels).length > 0 && Object.keys(labels).length <= MOST_LABELS)
          .describe('All must be equal'),
      })
      .optional()
      .describe('Workloads that carry the requests, by the labels of their pods; in place of targetRefs'),
    via: z
      .enum(ATTACHMENTS)
      .optional()
      .describe(
        'How Envoy is made to ask. Default auto: the best way that the cluster has; the status says which and why',
      ),
  })
  .refine(({ targetRefs, selector }) => (targetRefs === undefined) !== (selector === undefined), {
    message: 'expected either targetRefs or selector',
  });

const from = z.strictObject({ namespace: namespaceName.describe('A namespace of this cluster') });

const place = z.strictObject({
  api: objectName.describe('The Api of this namespace that has the place'),
  hosts: z.array(host).min(1).max(64).optional().describe("At which hosts; absent: the API's own"),
  basePath: basePath.describe('At which path and below it; written whole, as the base path of a guest is'),
});

const agreement = z.strictObject({
  api: objectName.describe('The Api of this namespace that Contracts may name'),
  tiers: z
    .array(z.string().min(1).max(253))
    .min(1)
    .max(64)
    .optional()
    .describe('Its tiers that they may name; absent: any'),
  approve: z
    .boolean()
    .optional()
    .describe(
      'Default false. true: a Contract there may say that it is approved; else it waits, or the tier approves it',
    ),
});

/** `spec` of an AccessGrant: what objects of other namespaces may take of this one, as with ReferenceGrant. */
export const accessGrantSpec = z
  .strictObject({
    from: z.array(from).min(1).max(64).describe('Whose objects are let in'),
    places: z.array(place).min(1).max(64).optional().describe('Hosts and paths that their APIs may take'),
    contracts: z
      .array(agreement)
      .min(1)
      .max(64)
      .optional()
      .describe('APIs that their Contracts may name, as NAMESPACE/NAME'),
  })
  .refine(({ places, contracts }) => places !== undefined || contracts !== undefined, {
    message: 'grants nothing: expected places or contracts',
  });
export type AccessGrantSpec = z.output<typeof accessGrantSpec>;
