import type { ObjectKind, ConditionType } from './kinds.ts';
import { objectKinds } from './kinds.ts';
import type { Structural } from './structural.ts';

const text = (description: string, maxLength: number): Structural => ({ type: 'string', description, maxLength });
const count = (description: string): Structural => ({ type: 'integer', format: 'int64', minimum: 0, description });

const MEANINGS: Readonly<Record<ConditionType, string>> = {
  Accepted: 'the object is valid, and nothing contradicts it',
  ResolvedRefs: 'all that it names is there and may be named',
  Programmed: 'every sidecar that should enforces it',
};

/** As Kubernetes' own `metav1.Condition`. */
function conditions(types: readonly ConditionType[]): Structural {
  const meanings = types.map((type) => `${type}: ${MEANINGS[type]}`).join('; ');
  return {
    type: 'array',
    description: meanings,
    maxItems: 16,
    'x-kubernetes-list-type': 'map',
    'x-kubernetes-list-map-keys': ['type'],
    items: {
      type: 'object',
      required: ['lastTransitionTime', 'message', 'reason', 'status', 'type'],
      properties: {
        type: { ...text('What it tells of', 316), pattern: '^[A-Za-z][A-Za-z0-9]*$' },
        status: { type: 'string', enum: ['True', 'False', 'Unknown'], description: 'Whether it is so' },
        observedGeneration: count('The generation of the object that it tells of'),
        lastTransitionTime: { type: 'string', format: 'date-time', description: 'When its status became what it is' },
        reason: {
          ...text('Why, for programs', 1024),
          minLength: 1,
          pattern: '^[A-Za-z](?:[A-Za-z0-9_,:]*[A-Za-z0-9_])?$',
        },
        message: text('Why, for people', 32_768),
      },
    },
  };
}

const sidecars: Structural = {
  type: 'object',
  description: 'How many sidecars enforce it',
  properties: {
    desired: count('Those that should'),
    programmed: count('Those that have acknowledged it as it is'),
    stale: count('Those that enforce it as it was, or have not been heard'),
  },
};

const ofBinding: Readonly<Record<string, Structural>> = {
  via: text('How Envoy is made to ask: the way that was chosen', 64),
  attachments: {
    type: 'array',
    description: 'For each target, which way was chosen, why, and the objects that do it',
    maxItems: 32,
    items: {
      type: 'object',
      required: ['target', 'via'],
      properties: {
        target: text('Such as HTTPRoute/orders', 512),
        via: text('The way', 64),
        reason: text('Why this way, and why no better one', 4096),
        objects: {
          type: 'array',
          description: 'What was applied for it, as Kind.group/namespace/name',
          maxItems: 32,
          items: { type: 'string', maxLength: 700 },
        },
      },
    },
  },
};

/** What the controller says of an object. */
export function statusOf(kind: ObjectKind): Structural {
  const { conditions: types } = objectKinds[kind];
  return {
    type: 'object',
    description: 'What the controller says of it; nobody else writes it',
    properties: {
      observedGeneration: count('The generation of the object that it tells of'),
      conditions: conditions(types),
      ...(types.includes('Programmed') && { sidecars }),
      ...(kind === 'ApiBinding' && ofBinding),
    },
  };
}
