import { problemOfDocumentUrl } from '../egress/document-url.ts';
import { isShared } from '../jwt/algorithms.ts';
import { compileExpression } from '../policy/expression.ts';
import { canonicalHeaderName } from '../request/header-name.ts';
import type { Report } from './jwt-validation-fields.ts';
import {
  clientExpressionsOf,
  endpointOfOptions,
  exposedHeaders,
  scopesOfOptions,
} from './oauth2-token-introspection-parameters.ts';
import type { IntrospectionOptions } from './oauth2-token-introspection-parameters.ts';

export const INSECURE_OPTION = 'allowInsecureIntrospection';

interface Context {
  addIssue(issue: { readonly code: 'custom'; readonly path: (string | number)[]; readonly message: string }): void;
}

/** Reports options that exclude each other, and missing ones. */
export function refineIntrospection(config: IntrospectionOptions, context: Context): void {
  const report: Report = (field, message) => {
    context.addIssue({ code: 'custom', path: typeof field === 'string' ? [field] : [...field], message });
  };
  reportServer(config, report);
  reportAuthentication(config, report);
  reportSigned(config, report);
  reportToken(config, report);
  reportClient(config, report);
  reportHeaders(config, report);
}

function reportServer(config: IntrospectionOptions, report: Report): void {
  const isAsked = endpointOfOptions(config) === undefined && config.metadataUrl === undefined;
  const insecure = { option: INSECURE_OPTION, isSet: config.allowInsecureIntrospection };
  for (const field of ['introspectionURL', 'tokenUrl', 'issuer', 'metadataUrl', 'jwksUrl'] as const) {
    const url = config[field];
    // Without a fetch of metadata, `issuer` need not be a URL.
    if (url === undefined || (field === 'issuer' && !isAsked)) continue;
    const problem = problemOfDocumentUrl(url, insecure);
    if (problem !== undefined) report(field, problem);
  }
  if (config.tokenUrl !== undefined && config.introspectionURL !== undefined)
    report('introspectionURL', 'is tokenUrl by another name: remove one of the two');
  if (endpointOfOptions(config) === undefined && config.issuer === undefined)
    report('introspectionURL', 'is missing: give it, or an issuer whose metadata name it');
  if (config.metadataUrl !== undefined && config.issuer === undefined)
    report('issuer', 'is missing: metadata must be of an issuer that is named');
}

function reportAuthentication(
  { authorizationValue, clientAuthentication, tls }: IntrospectionOptions,
  report: Report,
): void {
  if (authorizationValue !== undefined && clientAuthentication !== undefined)
    report('authorizationValue', 'has no effect beside clientAuthentication; remove one of the two');
  if (authorizationValue === undefined && clientAuthentication === undefined) {
    report(
      'clientAuthentication',
      'is missing: say how ostiary authenticates where it introspects (RFC 7662, 2.1), or method: none where nobody has to',
    );
  }
  if (authorizationValue !== undefined && !/^[\x21-\x7e]+(?: [\x20-\x7e]+)?$/.test(authorizationValue))
    report('authorizationValue', 'is not a value of the header authorization, such as "Basic …"');
  const [certificate, key] = [tls?.certificateFile, tls?.keyFile];
  if ((certificate === undefined) !== (key === undefined))
    report(['tls', certificate === undefined ? 'certificateFile' : 'keyFile'], 'is missing: both belong together');
  if (clientAuthentication === undefined) return;
  if (clientAuthentication.method === 'tls_client_auth' && certificate === undefined)
    report('tls', 'is missing: tls_client_auth needs certificateFile and keyFile here');
  if (clientAuthentication.method !== 'client_secret_basic' && clientAuthentication.method !== 'client_secret_post')
    return;
  const { clientSecret, clientSecretFile } = clientAuthentication;
  if (clientSecret === undefined && clientSecretFile === undefined)
    report(['clientAuthentication', 'clientSecret'], 'is missing: give it, or clientSecretFile');
  if (clientSecret !== undefined && clientSecretFile !== undefined)
    report(['clientAuthentication', 'clientSecretFile'], 'stands beside clientSecret; remove one of the two');
}

function reportSigned(config: IntrospectionOptions, report: Report): void {
  if (!config.signedResponse) {
    for (const field of ['signedResponseAlgorithms', 'jwksUrl'] as const) {
      if (config[field] !== undefined) report(field, 'has no effect without signedResponse: true');
    }
    return;
  }
  if (config.issuer === undefined) report('issuer', 'is missing: a signed answer must be of an issuer that is named');
  const { clientAuthentication } = config;
  if (clientAuthentication === undefined || clientAuthentication.method === 'none')
    report('clientAuthentication', 'must name our client id: a signed answer is made for a client');
  if (config.signedResponseAlgorithms?.some(isShared) === true)
    report('signedResponseAlgorithms', 'must be of public keys: a published key set holds no shared secrets');
}

function reportToken(config: IntrospectionOptions, report: Report): void {
  if (config.audience !== undefined && config.anyAudience)
    report('anyAudience', 'contradicts audience; remove one of the two');
  for (const scope of scopesOfOptions(config)) {
    if (!/^[\u0021\u0023-\u005B\u005D-\u007E]+$/.test(scope))
      report('scopes', 'a scope is printable ASCII without space, " and \\');
  }
  if (config.scopeValidationCriteria === 'OR' && scopesOfOptions(config).length === 0)
    report('scopeValidationCriteria', 'has no effect without scopes');
}

function reportClient(config: IntrospectionOptions, report: Report): void {
  if (config.consumerBy !== undefined && config.clientIdExpression !== undefined)
    report('consumerBy', 'has no effect beside clientIdExpression; remove one of the two');
  for (const [index, source] of [clientExpressionsOf(config)].flat().entries()) {
    const field = Array.isArray(config.clientIdExpression) ? ['clientIdExpression', index] : 'clientIdExpression';
    try {
      compileExpression(source);
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      report(field, error.message);
      continue;
    }
    // Any other selection comes from the caller, who could then act as another client.
    if (typeof source !== 'string' || !/^\s*#\[\s*vars\.claimSet\b/.test(source))
      report(field, 'must select a property of the answer, such as #[vars.claimSet.client_id]');
  }
  if (!config.skipClientIdValidation) return;
  for (const field of ['upstreamHeaders', 'consumerBy', 'clientIdExpression'] as const) {
    if (config[field] !== undefined)
      report(field, 'has no effect with skipClientIdValidation: true, which establishes no client');
  }
}

function reportHeaders(config: IntrospectionOptions, report: Report): void {
  if (config.exposedProperties !== undefined && !config.exposeHeaders)
    report('exposedProperties', 'has no effect without exposeHeaders: true');
  const ofClient = new Set(Object.values(config.upstreamHeaders ?? {}).map(canonicalHeaderName));
  const seen = new Set<string>();
  for (const [index, { header }] of exposedHeaders(config).entries()) {
    const isOwn = index < config.claimsToHeaders.length;
    const path = isOwn ? ['claimsToHeaders', index, 'header'] : 'exposedProperties';
    const name = canonicalHeaderName(header);
    if (name.startsWith('x-ostiary-')) report(path, `${header} is ostiary's own; choose another name`);
    else if (ofClient.has(name)) report(path, `${header} is among upstreamHeaders; choose another name`);
    if (seen.has(name)) report(path, `${header} is named twice`);
    seen.add(name);
  }
}
