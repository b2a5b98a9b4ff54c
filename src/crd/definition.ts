import { boundsAt } from './bounds.ts';
import { descriptionAt } from './descriptions.ts';
import { definitionName, GROUP, OBJECT_KINDS, objectKinds, VERSION } from './kinds.ts';
import type { Column, ObjectKind } from './kinds.ts';
import { additionsFor } from './rules.ts';
import { shapeAt } from './shapes.ts';
import { statusOf } from './status.ts';
import { structuralOf } from './structural.ts';
import type { Places, SchemaPath, Structural } from './structural.ts';

/** All kinds of objects belong to it: `kubectl get ostiary` lists them. */
export const CATEGORY = 'ostiary';

export interface CustomResourceDefinition {
  readonly apiVersion: 'apiextensions.k8s.io/v1';
  readonly kind: 'CustomResourceDefinition';
  readonly metadata: { readonly name: string; readonly labels: Readonly<Record<string, string>> };
  readonly spec: object;
}

/** The definitions of all kinds, in an order that never changes. */
export function customResourceDefinitions(): readonly CustomResourceDefinition[] {
  return OBJECT_KINDS.map(definitionOf);
}

function definitionOf(kind: ObjectKind): CustomResourceDefinition {
  const { plural, shortName, columns } = objectKinds[kind];
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: definitionName(kind), labels: { 'app.kubernetes.io/part-of': 'ostiary' } },
    spec: {
      group: GROUP,
      scope: 'Namespaced',
      names: {
        kind,
        listKind: `${kind}List`,
        plural,
        singular: kind.toLowerCase(),
        shortNames: [shortName],
        categories: [CATEGORY],
      },
      versions: [
        {
          name: VERSION,
          served: true,
          storage: true,
          additionalPrinterColumns: [...columns, ...commonColumns(kind)].map(written),
          subresources: { status: {} },
          schema: { openAPIV3Schema: schemaOf(kind) },
        },
      ],
    },
  };
}

const condition = (type: string): string => `.status.conditions[?(@.type=="${type}")].status`;

function commonColumns(kind: ObjectKind): readonly Column[] {
  const { conditions } = objectKinds[kind];
  return [
    ...conditions
      .filter((type) => type !== 'ResolvedRefs')
      .map((type): Column => ({ name: type, jsonPath: condition(type) })),
    { name: 'Resolved', jsonPath: condition('ResolvedRefs'), priority: 1 } as const,
    ...(conditions.includes('Programmed')
      ? ([{ name: 'Stale', jsonPath: '.status.sidecars.stale', type: 'integer', priority: 1 }] as const)
      : []),
    { name: 'Age', jsonPath: '.metadata.creationTimestamp', type: 'date' } as const,
  ].filter(({ name }) => name !== 'Resolved' || conditions.includes('ResolvedRefs'));
}

function written({ name, jsonPath, type = 'string', priority }: Column): object {
  return { name, type, jsonPath, ...(priority !== undefined && { priority }) };
}

/** The whole schema of a kind. */
export function schemaOf(kind: ObjectKind, checked?: (path: SchemaPath) => void): Structural {
  const { description, spec, catalog } = objectKinds[kind];
  const places: Places = {
    shapeAt: (path, schema) => shapeAt(kind, path, schema),
    additionsAt: (path, schema) => ({
      ...descriptionAt(kind, path, schema),
      ...boundsAt(path, { ...schema, ...additionsFor(kind, path) }),
      ...additionsFor(kind, path),
    }),
    ...(checked !== undefined && { checked }),
  };
  const body = structuralOf(spec, 'spec', places);
  const properties =
    catalog === undefined
      ? body.properties
      : { ...body.properties, catalog: structuralOf(catalog, 'spec.catalog', places) };
  return {
    type: 'object',
    description,
    required: ['spec'],
    properties: {
      apiVersion: { type: 'string', description: `${GROUP}/${VERSION}` },
      kind: { type: 'string', description: kind },
      metadata: { type: 'object' },
      spec: { ...body, ...(properties !== undefined && { properties }) },
      status: statusOf(kind),
    },
  };
}
