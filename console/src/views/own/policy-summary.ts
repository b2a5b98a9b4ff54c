import { limitsWords } from '../../forms/limits-words.ts';
import { labelOf } from '../../forms/labels.ts';
import { isRecord } from '../../forms/node.ts';

const MOST_SHOWN = 3;

/** What a policy does, in a line. */
export function policySummary(policy: Readonly<Record<string, unknown>>): string {
  const config = isRecord(policy['config']) ? policy['config'] : {};
  const { name = '' } = Object(policy['policyRef']) as { readonly name?: string };
  return [configWords(name, config), whereWords(policy)].filter((words) => words !== '').join(' · ');
}

function configWords(name: string, config: Readonly<Record<string, unknown>>): string {
  if (Array.isArray(config['rateLimits']) || config['rateLimits'] === 'unlimited')
    return limitsWords(config['rateLimits']);
  const { maximumRequests, timePeriodInMilliseconds } = config;
  if (typeof maximumRequests === 'number' && typeof timePeriodInMilliseconds === 'number')
    return limitsWords([{ maximumRequests, timePeriodInMilliseconds }]);
  if (Array.isArray(config['ips'])) return listWords(config['ips']);
  const issuer = config['issuer'] ?? config['introspectionURL'] ?? config['ldapServerURL'];
  if (typeof issuer === 'string') return issuer;
  if (name === 'rate-limiting-sla') return 'as each contract’s tier says';
  const given = Object.keys(config);
  return given.length === 0 ? 'as it is by default' : listWords(given.map(labelOf));
}

function whereWords({ mode, order, rules, when }: Readonly<Record<string, unknown>>): string {
  const parts: string[] = [];
  if (Array.isArray(rules)) parts.push(rules.map((rule) => ruleWords(rule)).join(', or '));
  if (typeof when === 'string') parts.push(`when ${when}`);
  if (typeof order === 'number') parts.push(`order ${order}`);
  if (mode === 'shadow') parts.push('counts and logs what it would refuse');
  return parts.join(' · ');
}

/** `GET|POST to /orders/.*`, as one reads it. */
export function ruleWords(rule: unknown): string {
  if (!isRecord(rule)) return '';
  const { absentHeaders, headers, host, methods, not, path } = rule;
  const parts = [
    typeof methods === 'string' ? methods.replaceAll('|', ', ') : '',
    typeof path === 'string' ? `to ${path}` : '',
    typeof host === 'string' ? `at ${host}` : '',
    isRecord(headers)
      ? `with ${Object.entries(headers)
          .map(([header, value]) => `${header}: ${String(value)}`)
          .join(', ')}`
      : '',
    Array.isArray(absentHeaders) ? `without ${absentHeaders.join(', ')}` : '',
    Array.isArray(not) ? `but ${not.map(ruleWords).join(', ')}` : '',
  ].filter((part) => part !== '');
  return parts.length === 0 ? 'every request' : parts.join(' ');
}

function listWords(list: readonly unknown[]): string {
  const shown = list.slice(0, MOST_SHOWN).map(String).join(', ');
  return list.length > MOST_SHOWN ? `${shown} and ${list.length - MOST_SHOWN} more` : shown;
}
