import { nearest } from '../nearest.ts';
import { isCallersOwn } from '../policies/header-names.ts';
import { STANDARD_PROPERTIES } from '../policies/oauth2-token-introspection-parameters.ts';
import { isRecord } from './load.ts';

const HEADER = /^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/;

/** What `http-basic-authentication` and `ldap-authentication` set where their options name no other header. */
const DEFAULT_USER = 'x-ostiary-user';

const EXPOSING = new Set(['exposeHeaders', 'exposedProperties']);
/** Options that name headers; the last one those of answers, which nobody takes for a slip. */
const OPTIONS = ['claimsToHeaders', 'inboundHeaders', 'upstreamHeaders', 'outboundHeaders'];

/**
 * The headers that the policies of a document could set for upstreams, as far as their options can be read, with slips in
 * their names: of policies that can't be made, nobody else knows. No caller may send them to an API that shares an upstream with this one.
 */
export function upstreamHeadersIn(spec: unknown): readonly string[] {
  const found = new Set([DEFAULT_USER]);
  const add = (name: unknown): void => {
    if (typeof name === 'string' && HEADER.test(name) && !isCallersOwn(name)) found.add(name.toLowerCase());
  };
  const visit = (part: unknown): void => {
    if (Array.isArray(part)) part.forEach(visit);
    if (!isRecord(part)) return;
    const { exposeHeaders, exposedProperties } = part;
    for (const [written, value] of Object.entries(part)) {
      const option = EXPOSING.has(written) ? undefined : nearest(written, OPTIONS);
      if (option === 'upstreamHeaders' && isRecord(value)) Object.values(value).forEach(add);
      if (option === 'claimsToHeaders') for (const { header } of recordsIn(value)) add(header);
      if (option !== 'inboundHeaders') continue;
      for (const { key, callersMaySend } of recordsIn(value)) if (callersMaySend !== true) add(key);
    }
    const isExposing = exposeHeaders === true || exposedProperties !== undefined;
    const properties = Array.isArray(exposedProperties) ? exposedProperties : STANDARD_PROPERTIES;
    if (isExposing) for (const property of properties) add(`x-agw-${String(property)}`);
    Object.values(part).forEach(visit);
  };
  visit(spec);
  return [...found];
}

function recordsIn(list: unknown): readonly Readonly<Record<string, unknown>>[] {
  return Array.isArray(list) ? list.filter(isRecord) : [];
}
