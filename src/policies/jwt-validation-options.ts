import { problemOfDocumentUrl } from '../egress/document-url.ts';
import { isShared } from '../jwt/algorithms.ts';
import { keysFromText } from '../jwt/text-key.ts';
import { compileExpression } from '../policy/expression.ts';
import type { ExpressionSource } from '../policy/expression.ts';
import { canonicalHeaderName } from '../request/header-name.ts';
import { reportBinding } from './jwt-validation-binding.ts';
import { listOf } from './jwt-validation-fields.ts';
import type { Report } from './jwt-validation-fields.ts';
import { reportIssuers } from './jwt-validation-issuers.ts';
import {
  DEFAULT_JWT_EXPRESSION,
  allowedAlgorithms,
  clientHeaderNamesOf,
  parameters,
} from './jwt-validation-parameters.ts';
import type { JwtValidationOptions } from './jwt-validation-parameters.ts';

/** The parameters of `jwt-validation`, and which of them exclude each other. */
export const jwtValidationOptions = parameters.superRefine((config, context) => {
  const report: Report = (field, message) => {
    context.addIssue({ code: 'custom', path: typeof field === 'string' ? [field] : [...field], message });
  };
  if (config.issuers === undefined) {
    reportAlgorithms(config, report);
    reportKey(config, report);
  } else {
    reportBeside(config, report);
    reportIssuers(config.issuers, config.allowInsecureJwks, report);
  }
  reportClaims(config, report);
  reportExpressions(config, report);
  reportHeaders(config, report);
  reportBinding(config, report);
});

/** Options of a single issuer have no effect beside `issuers`, where each entry has its own. */
function reportBeside(config: JwtValidationOptions, report: Report): void {
  const beside: readonly (readonly [field: string, written: unknown, own: string])[] = [
    ['issuer', config.issuer, 'issuer'],
    ['signingMethod', config.signingMethod, 'algorithms'],
    ['signingKeyLength', config.signingKeyLength, 'algorithms'],
    ['algorithms', config.algorithms, 'algorithms'],
    ['jwtKeyOrigin', config.jwtKeyOrigin === 'jwks', 'jwksUrl'],
    ['textKey', config.textKey, 'textKey'],
    ['jwksUrl', listOf(config.jwksUrl)[0], 'jwksUrl'],
    ['validateAudClaim', config.validateAudClaim, 'audience'],
    ['mandatoryAudClaim', config.mandatoryAudClaim, 'audience'],
    ['supportedAudiences', listOf(config.supportedAudiences)[0], 'audience'],
  ];
  for (const [field, written, own] of beside) {
    if (written !== undefined && written !== false && written !== '')
      report(field, `has no effect beside issuers; write ${own} in each entry of that list`);
  }
}

function reportAlgorithms(config: JwtValidationOptions, report: Report): void {
  for (const field of ['signingMethod', 'signingKeyLength'] as const) {
    if (config.algorithms !== undefined && config[field] !== undefined) {
      report(field, 'has no effect beside algorithms; remove one of the two');
    }
  }
  const shared = new Set(allowedAlgorithms(config).map(isShared));
  if (shared.has(true) && shared.has(false)) {
    report('algorithms', 'a shared secret (HS…) and public keys can not be mixed: bind a policy for each');
  }
  if (shared.has(true) && config.jwtKeyOrigin === 'jwks') {
    const field = config.algorithms === undefined ? 'signingMethod' : 'algorithms';
    report(field, 'a published key set holds no shared secrets: HMAC needs jwtKeyOrigin: text');
  }
}

function reportKey(config: JwtValidationOptions, report: Report): void {
  const { jwtKeyOrigin, textKey } = config;
  const urls = listOf(config.jwksUrl);
  if (jwtKeyOrigin === 'text') {
    if (urls.length > 0)
      report('jwksUrl', 'has no effect with jwtKeyOrigin: text, the default; set jwtKeyOrigin: jwks');
    if (textKey === undefined || textKey === '') {
      report('textKey', 'is missing: jwtKeyOrigin: text, the default, needs the key here');
      return;
    }
    try {
      keysFromText(textKey, allowedAlgorithms(config));
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      report('textKey', error.message);
    }
    return;
  }
  if (textKey !== undefined && textKey !== '')
    report('textKey', 'has no effect with jwtKeyOrigin: jwks; remove one of the two');
  if (urls.length === 0) report('jwksUrl', 'is missing: jwtKeyOrigin: jwks needs the URL of a key set here');
  for (const url of urls) {
    const problem = problemOfDocumentUrl(url, { option: 'allowInsecureJwks', isSet: config.allowInsecureJwks });
    if (problem !== undefined) report('jwksUrl', problem);
  }
}

function reportClaims(config: JwtValidationOptions, report: Report): void {
  if (config.issuers === undefined) reportAudiences(config, report);
  const lists = ['mandatoryCustomClaims', 'nonMandatoryCustomClaims'] as const;
  for (const field of lists) {
    const claims = config[field];
    if (!config.validateCustomClaim && claims.length > 0)
      report(field, 'has no effect without validateCustomClaim: true');
    for (const [index, { value }] of claims.entries()) {
      if ([value].flat().some((one) => typeof one === 'string' && one.includes('#['))) {
        report([field, index, 'value'], 'must be a literal: expressions are not supported here');
      }
    }
  }
  if (config.validateCustomClaim && lists.every((field) => config[field].length === 0)) {
    report('validateCustomClaim', 'needs mandatoryCustomClaims or nonMandatoryCustomClaims');
  }
}

function reportAudiences(config: JwtValidationOptions, report: Report): void {
  const audiences = listOf(config.supportedAudiences);
  if (config.validateAudClaim) {
    if (audiences.length === 0) report('supportedAudiences', 'is empty: validateAudClaim: true needs at least one');
  } else {
    const message = 'has no effect without validateAudClaim: true';
    if (audiences.length > 0) report('supportedAudiences', message);
    if (config.mandatoryAudClaim) report('mandatoryAudClaim', message);
  }
}

function reportExpressions(config: JwtValidationOptions, report: Report): void {
  const { jwtExpression, jwtOrigin } = config;
  const custom = jwtOrigin === 'customExpression';
  reportPlaces(config, report);
  if (!custom && jwtExpression !== undefined)
    report('jwtExpression', 'has no effect without jwtOrigin: customExpression');
  if (custom) {
    const selection = compiled('jwtExpression', jwtExpression ?? DEFAULT_JWT_EXPRESSION, report);
    if (selection !== undefined && selection.headerName === undefined && !selection.fromQuery) {
      report('jwtExpression', "must select a header or a query parameter, such as #[attributes.headers['jwt']]");
    } else if (selection?.fromQuery === true && !config.forwardToken) {
      report('forwardToken', 'only a header can be removed, and jwtExpression selects a query parameter');
    }
  }
  for (const [index, source] of [config.clientIdExpression].flat().entries()) {
    const field = Array.isArray(config.clientIdExpression) ? ['clientIdExpression', index] : 'clientIdExpression';
    const selection = compiled(field, source, report);
    // Any other selection comes from the caller, who could then act as another client.
    if (
      selection !== undefined &&
      !(selection.fromClaims && selection.reads.every(({ variable }) => variable === 'claims'))
    ) {
      report(field, 'must select a claim of the token, such as #[vars.claimSet.client_id]');
    }
  }
}

function reportPlaces({ places, jwtOrigin, jwtExpression, forwardToken }: JwtValidationOptions, report: Report): void {
  if (places === undefined) return;
  if (jwtOrigin === 'customExpression') report('jwtOrigin', 'contradicts places: remove one of the two');
  if (jwtExpression !== undefined) report('jwtExpression', 'contradicts places: write its header or parameter there');
  const seen = new Set<string>();
  for (const [index, { header, scheme, query, cookie }] of places.entries()) {
    const place = JSON.stringify([header, scheme?.toLowerCase(), query, cookie]);
    if (seen.has(place)) report(['places', index], 'is listed twice');
    seen.add(place);
    if (header === undefined && !forwardToken) {
      report(
        'forwardToken',
        `only a header can be removed, and places[${index}] is a ${query === undefined ? 'cookie' : 'query parameter'}`,
      );
    }
  }
}

function compiled(
  field: Parameters<Report>[0],
  source: ExpressionSource,
  report: Report,
): ReturnType<typeof compileExpression> | undefined {
  try {
    return compileExpression(source);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    report(field, error.message);
    return undefined;
  }
}

function reportHeaders(config: JwtValidationOptions, report: Report): void {
  if (config.skipClientIdValidation && config.upstreamHeaders !== undefined) {
    report('upstreamHeaders', 'has no effect with skipClientIdValidation: true, which establishes no client');
  }
  const ofClient = new Set(Object.values(clientHeaderNamesOf(config) ?? {}).map(canonicalHeaderName));
  const seen = new Set<string>();
  for (const [index, { header }] of config.claimsToHeaders.entries()) {
    const path = ['claimsToHeaders', index, 'header'];
    const name = canonicalHeaderName(header);
    if (name.startsWith('x-ostiary-')) report(path, `${header} is ostiary's own; choose another name`);
    else if (ofClient.has(name)) report(path, `${header} is among upstreamHeaders; choose another name`);
    if (seen.has(name)) report(path, `${header} is named twice`);
    seen.add(name);
    if (tokenHeaders(config).includes(name)) {
      report(path, `${header} is where the token is; choose another name`);
    }
  }
}

function tokenHeaders({ places = [], jwtOrigin, jwtExpression }: JwtValidationOptions): readonly string[] {
  const ofPlaces = places.flatMap(({ header }) => (header === undefined ? [] : [canonicalHeaderName(header)]));
  if (jwtOrigin !== 'customExpression') return ofPlaces;
  try {
    const { headerName } = compileExpression(jwtExpression ?? DEFAULT_JWT_EXPRESSION);
    return headerName === undefined ? ofPlaces : [...ofPlaces, canonicalHeaderName(headerName)];
  } catch {
    return ofPlaces;
  }
}
