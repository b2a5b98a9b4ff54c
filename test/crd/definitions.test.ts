import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { schemaOf, customResourceDefinitions } from '../../src/crd/definition.ts';
import { OBJECT_KINDS } from '../../src/crd/kinds.ts';
import type { ObjectKind } from '../../src/crd/kinds.ts';
import { placesOfAdditions } from '../../src/crd/rules.ts';
import { controllerAlone } from './controller-alone.ts';
import type { Structural } from '../../src/crd/structural.ts';

/** Every place of the specification of a kind, with its schema. */
function placesOf(kind: ObjectKind): ReadonlyMap<string, Structural> {
  const found = new Map<string, Structural>();
  const visit = (schema: Structural, path: string): void => {
    found.set(path, schema);
    for (const [name, each] of Object.entries(schema.properties ?? {})) visit(each, `${path}.${name}`);
    if (schema.items !== undefined) visit(schema.items, `${path}[]`);
    if (schema.additionalProperties !== undefined) visit(schema.additionalProperties, `${path}{}`);
  };
  visit(schemaOf(kind).properties?.['spec'] ?? {}, 'spec');
  return found;
}

/** Checks in the code of the documents' schema that no rule repeats: the controller tells. */
const CONTROLLER_ALONE: readonly string[] = ['Api spec.routes'];

describe.each(OBJECT_KINDS)('the definition of %s', (kind) => {
  const places = placesOf(kind);

  it('says of every field what it is', () => {
    const silent = [...places].filter(([path, { description }]) => !/[\]}]$/.test(path) && description === undefined);
    expect(silent.map(([path]) => path)).toEqual([]);
  });

  it('bounds every list, every map and every text', () => {
    const unbounded = [...places].filter(([, schema]) => {
      if (schema.type === 'array') return schema['maxItems'] === undefined;
      if (schema.type === 'string')
        return schema['maxLength'] === undefined && schema.enum === undefined && schema.anyOf === undefined;
      return schema.additionalProperties !== undefined && schema['maxProperties'] === undefined;
    });
    expect(unbounded.map(([path]) => path)).toEqual([]);
  });

  it('has a rule, or another word for it, for each check that stands in code', () => {
    const checked = new Set<string>();
    schemaOf(kind, (path) => checked.add(`${kind} ${path}`));
    const without = [...checked].filter((place) => !placesOfAdditions.includes(place));
    expect(without).toEqual(CONTROLLER_ALONE.filter((place) => place.startsWith(`${kind} `)));
  });

  it('has each place for which there is a rule', () => {
    const meant = placesOfAdditions.filter((place) => place.startsWith(`${kind} `));
    expect(meant.filter((place) => !places.has(place.slice(kind.length + 1)))).toEqual([]);
  });
});

describe('the definitions', () => {
  it('are in the category ostiary, and no two have a name in common', () => {
    const names = customResourceDefinitions().map(({ spec }) => (spec as { names: Record<string, unknown> }).names);
    expect(names.map(({ categories }) => categories)).toEqual(OBJECT_KINDS.map(() => ['ostiary']));
    const all = names.flatMap(({ plural, singular, shortNames }) => [plural, singular, shortNames].flat());
    expect(new Set(all).size).toBe(3 * OBJECT_KINDS.length);
  });

  it('leave to the controller what the page about objects lists', () => {
    const page = readFileSync(join(import.meta.dirname, '../../docs/kubernetes-objects.md'), 'utf8');
    const listed = [...page.matchAll(/^  - (.*)$/gm)].map(([, what]) => what);
    expect(listed).toEqual(Object.keys(controllerAlone));
  });

  it('keep what authors write: no default is filled in', () => {
    expect(JSON.stringify(customResourceDefinitions())).not.toContain('"default"');
  });
});
