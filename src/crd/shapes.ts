import { z } from 'zod';
import { secretRef } from './secret-ref.ts';
import type { SchemaPath, Structural } from './structural.ts';

type Shape = (schema: Structural) => Structural;

const SECRET_REF = z.toJSONSchema(secretRef, { target: 'draft-7' }) as Structural;

const ALWAYS: Structural = { type: 'boolean', enum: [true] };

/** A secret that is compared: hashed, or in a Secret, and neither in plain text nor in a file of a sidecar. */
const hashedOrReferred: Shape = ({ anyOf = [], description }) => {
  const hashed = anyOf.filter(({ properties = {} }) => properties['value'] === undefined && !('file' in properties));
  const plain = anyOf.find(({ properties = {} }) => properties['value'] !== undefined);
  const { value: _, ...kept } = plain?.properties ?? {};
  const referred: Structural = {
    type: 'object',
    properties: { ...kept, secretRef: { ...SECRET_REF, description: 'Where the secret is; hashed when it is read' } },
    required: [...(plain?.required ?? []).filter((name) => name !== 'value'), 'secretRef'],
  };
  return { ...(description !== undefined && { description }), anyOf: [...hashed, referred] };
};

/** The list alone, of a list or the text `unlimited`. */
const listOnly = (schema: Structural): Structural => {
  const { anyOf = [], ...rest } = schema;
  return { ...anyOf.find(({ type }) => type === 'array'), ...rest };
};

const tier: Shape = ({ properties = {}, required = [], ...rest }) => {
  const { limits, proposedLimits, ...others } = properties;
  return {
    ...rest,
    properties: {
      ...others,
      limits: { ...listOnly(limits ?? {}), description: 'All must have quota' },
      unlimited: { ...ALWAYS, description: 'In place of limits: there are none' },
      proposedLimits: listOnly(proposedLimits ?? {}),
      proposedUnlimited: { ...ALWAYS, description: 'In place of proposedLimits: none are tried' },
    },
    required: required.filter((name) => name !== 'limits'),
  };
};

const publicRequests: Shape = ({ anyOf = [], description }) => ({
  ...(description !== undefined && { description }),
  type: 'object',
  properties: {
    all: { ...ALWAYS, description: 'Every request' },
    requests: { ...anyOf.find(({ type }) => type === 'array'), description: 'Those that one of these matches' },
  },
});

const numberOrText: Shape = ({ description }) => ({
  description: `${description ?? ''}. A number with a fraction is in quotes`,
  'x-kubernetes-int-or-string': true,
});

/** Where an object says something in another form than a document, by kind and path. */
const SHAPES: Readonly<Record<string, Shape>> = {
  'Api spec.public': publicRequests,
  'Api spec.tiers[]': tier,
  'ClientApplication spec.clientSecret': hashedOrReferred,
  'ClientApplication spec.clientSecrets[]': hashedOrReferred,
  'ClientApplication spec.apiKeys[]': hashedOrReferred,
  'Alert spec.threshold': numberOrText,
};

export function shapeAt(kind: string, path: SchemaPath, schema: Structural): Structural | undefined {
  return SHAPES[`${kind} ${path}`]?.(schema);
}
