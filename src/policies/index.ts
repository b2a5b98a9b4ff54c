import type { ReasonTable } from '../denial/reasons.ts';
import { reasonsOf } from '../policy/policy.ts';
import ldapAuthentication from './ldap-authentication.ts';
import apiKey from './api-key.ts';
import authorization from './authorization.ts';
import clientIdEnforcement from './client-id-enforcement.ts';
import cors from './cors.ts';
import type { RegisteredKind } from './environment.ts';
import externalOauth2AccessTokenEnforcement from './external-oauth2-access-token-enforcement.ts';
import headerInjection from './header-injection.ts';
import headerRemoval from './header-removal.ts';
import httpBasicAuthentication from './http-basic-authentication.ts';
import ipAllowlist from './ip-allowlist.ts';
import ipBlocklist from './ip-blocklist.ts';
import jsonThreatProtection from './json-threat-protection.ts';
import jwtValidation from './jwt-validation.ts';
import oauth2TokenIntrospection from './oauth2-token-introspection.ts';
import openidconnectAccessTokenEnforcement from './openidconnect-access-token-enforcement.ts';
import rateLimitingSla from './rate-limiting-sla.ts';
import rateLimiting from './rate-limiting.ts';
import workloadIdentity from './workload-identity.ts';
import spikeControl from './spike-control.ts';
import xmlThreatProtection from './xml-threat-protection.ts';

/** All kinds of policies. A new kind is one file in this folder and one line here. */
const kinds: readonly RegisteredKind[] = [
  ipAllowlist,
  ipBlocklist,
  jwtValidation,
  clientIdEnforcement,
  rateLimiting,
  rateLimitingSla,
  cors,
  apiKey,
  headerInjection,
  headerRemoval,
  workloadIdentity,
  ldapAuthentication,
  spikeControl,
  httpBasicAuthentication,
  authorization,
  jsonThreatProtection,
  xmlThreatProtection,
  oauth2TokenIntrospection,
  openidconnectAccessTokenEnforcement,
  externalOauth2AccessTokenEnforcement,
];

/** By `policyRef.name`; Flex/Omni Gateway's `-flex` spellings are accepted. */
export const policyKinds: ReadonlyMap<string, RegisteredKind> = new Map(
  kinds.flatMap((kind) => [
    [kind.name, kind],
    [`${kind.name}-flex`, kind],
  ]),
);

/** Every reason for a denial. */
export const allReasons: ReasonTable = reasonsOf(kinds);
