import { formatPath } from '../document/issues.ts';
import { plainSecretsIn } from '../document/plain-secrets.ts';
import { policyKinds } from '../policies/index.ts';
import { isObject, mapField, mapItems } from './json.ts';
import type { Json } from './json.ts';
import { invalid } from './object-fault.ts';
import type { ObjectFault } from './object-fault.ts';
import { referenceTo, secretRef } from './secret-ref.ts';

/**
 * Options of policies, where a text is `{ secretRef: { name, key } }`: it becomes the reference that policies read, and the
 * value stays in its Secret.
 */
export function withReferences(value: unknown, path: readonly PropertyKey[], faults: ObjectFault[]): unknown {
  if (Array.isArray(value)) return value.map((item, at) => withReferences(item, [...path, at], faults));
  if (!isObject(value)) return value;
  const keys = Object.keys(value);
  if (keys.length === 1 && keys[0] === 'secretRef') {
    const read = secretRef.safeParse(value['secretRef']);
    if (read.success) return referenceTo(read.data);
    faults.push(invalid(formatPath([...path, 'secretRef']), 'expected name and key of a Secret of this namespace'));
    return value;
  }
  return Object.fromEntries(keys.map((key) => [key, withReferences(value[key], [...path, key], faults)]));
}

/** Applies a change to the options of a policy and to those of the policies of its group. */
function mapConfigs(
  policy: Json,
  path: readonly PropertyKey[],
  change: (config: unknown, path: readonly PropertyKey[], policy: Json) => unknown,
): Json {
  const changed = Object.hasOwn(policy, 'config')
    ? { ...policy, config: change(policy['config'], [...path, 'config'], policy) }
    : policy;
  const { authentication } = changed;
  if (!isObject(authentication) || !Array.isArray(authentication['anyOf'])) return changed;
  const anyOf = authentication['anyOf'].map((each: unknown, at) => {
    if (!isObject(each)) return each;
    const place = [...path, 'authentication', 'anyOf', at];
    const own = mapConfigs(each, place, change);
    const all = own['allOf'];
    if (!Array.isArray(all)) return own;
    const allOf = all.map((one: unknown, index) =>
      isObject(one) ? mapConfigs(one, [...place, 'allOf', index], change) : one,
    );
    return { ...own, allOf };
  });
  return { ...changed, authentication: { ...authentication, anyOf } };
}

/** `$NAME` as the whole of a text. */
const VARIABLE = /^\$(?:[A-Za-z_][A-Za-z0-9_]*|\{[A-Za-z_][A-Za-z0-9_]*\})$/;

/** Each policy of a specification, those of groups too, with its place. */
export function mapPolicies(kind: string, spec: Json, change: Parameters<typeof mapConfigs>[2]): Json {
  if (kind === 'PolicyBinding') return mapConfigs(spec, ['spec'], change);
  if (kind !== 'Api') return spec;
  return mapField(spec, 'policies', (list) =>
    mapItems(list, (policy, at) => mapConfigs(policy, ['spec', 'policies', at], change)),
  );
}

/** Options that hold a secret: whoever may read the object would read it. */
export function plainSecretFaults(kind: string, spec: Json): readonly ObjectFault[] {
  const faults: ObjectFault[] = [];
  mapPolicies(kind, spec, (config, path, { policyRef }) => {
    const ofPolicy = isObject(policyRef) ? policyKinds.get(String(policyRef['name'])) : undefined;
    if (ofPolicy === undefined || !isObject(config)) return config;
    for (const place of plainSecretsIn(ofPolicy, config)) {
      const field = formatPath([...path, ...place]);
      faults.push(invalid(field, 'is a secret, or may be one: write it to a Secret, and secretRef: {name, key} here'));
    }
    return config;
  });
  return faults;
}

/** The places below `config` of what is secret, or may be: in plain text, or read from the environment of a sidecar. */
export function secretPlacesIn({ policyRef }: Json, config: unknown): readonly (readonly PropertyKey[])[] {
  const ofPolicy = isObject(policyRef) ? policyKinds.get(String(policyRef['name'])) : undefined;
  if (ofPolicy === undefined || !isObject(config)) return [];
  const fromEnvironment = (ofPolicy.secretFields ?? []).filter((field) => {
    const value = config[field];
    return typeof value === 'string' && VARIABLE.test(value);
  });
  return [...plainSecretsIn(ofPolicy, config), ...fromEnvironment.map((field) => [field])];
}
