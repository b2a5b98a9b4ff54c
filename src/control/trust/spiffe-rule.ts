import type { Scope } from '../../sync/scope.ts';
import { faultOfOptions, ruleParts } from './rule-parts.ts';
import type { RuleParts } from './rule-parts.ts';
import { spiffeIdOf } from './spiffe-id.ts';
import type { SpiffeId } from './spiffe-id.ts';

/**
 * What certificates of some workloads stand for, as `spiffe://cluster.local/ns/{ns}/sa/*,namespace=eu-1.{ns}`: `*` is any
 * segment, and `{name}` one that a condition of the scope names.
 */
export interface SpiffeRule {
  /** @returns undefined: the rule is for others */
  scopeOf(id: SpiffeId): Scope | undefined;
}

const OPTIONS = { namespace: 'values', api: 'values', label: 'values', everything: 'switch' } as const;
const SEGMENT = /^(?:\*|\{[a-z][a-z0-9-]*\}|[A-Za-z0-9._-]+)$/;
const NAMES = /\{([^{}]*)\}/g;
const EXPECTED = 'expected a pattern and a scope, such as spiffe://cluster.local/ns/{ns}/sa/*,namespace={ns}';

/** @returns what was expected; undefined: it is a rule */
export function faultOfSpiffeRule(text: string): string | undefined {
  const parts = ruleParts(text);
  const pattern = patternOf(parts);
  if (pattern === undefined) return EXPECTED;
  const fault = faultOfOptions(parts, OPTIONS);
  if (fault !== undefined) return fault;
  if (parts.options.length === 0) return `${EXPECTED}; ,everything where all is meant`;
  if (parts.options.length > 1 && parts.options.some(([name]) => name === 'everything'))
    return 'expected everything, or conditions, and not both';
  for (const [name, value] of parts.options) {
    if (name === 'label' && !/^[^=]+=/.test(value)) return 'expected label=KEY=VALUE';
    for (const [, given = ''] of value.matchAll(NAMES))
      if (!pattern.segments.includes(`{${given}}`)) return `expected {${given}} in the pattern too`;
  }
  return undefined;
}

function patternOf({ subject }: RuleParts): SpiffeId | undefined {
  const match = /^spiffe:\/\/([^/]+)\/(.+)$/.exec(subject);
  const [trustDomain = '', segments] = [match?.[1], (match?.[2] ?? '').split('/')];
  if (spiffeIdOf(`spiffe://${trustDomain}/x`) === undefined) return undefined;
  const named = segments.filter((segment) => segment.startsWith('{'));
  if (new Set(named).size !== named.length) return undefined;
  return segments.every((segment) => SEGMENT.test(segment)) ? { trustDomain, segments } : undefined;
}

/** @param text without a fault */
export function spiffeRuleOf(text: string): SpiffeRule {
  const parts = ruleParts(text);
  const pattern = patternOf(parts);
  const valuesOf = (wanted: string) => parts.options.flatMap(([name, value]) => (name === wanted ? [value] : []));
  return {
    scopeOf(id) {
      const named = pattern && namedBy(pattern, id);
      if (named === undefined) return undefined;
      const filled = (value: string) => value.replace(NAMES, (_all, name: string) => named.get(name) ?? '');
      const labels = valuesOf('label').map((label) => {
        const at = label.indexOf('=');
        return [label.slice(0, at), filled(label.slice(at + 1))] as const;
      });
      return {
        namespaces: valuesOf('namespace').map(filled),
        apis: valuesOf('api').map(filled),
        labels: Object.fromEntries(labels),
      };
    },
  };
}

function namedBy(pattern: SpiffeId, id: SpiffeId): ReadonlyMap<string, string> | undefined {
  if (pattern.trustDomain !== id.trustDomain || pattern.segments.length !== id.segments.length) return undefined;
  const named = new Map<string, string>();
  for (const [at, wanted] of pattern.segments.entries()) {
    const segment = id.segments[at] ?? '';
    if (wanted.startsWith('{')) named.set(wanted.slice(1, -1), segment);
    else if (wanted !== '*' && wanted !== segment) return undefined;
  }
  return named;
}
