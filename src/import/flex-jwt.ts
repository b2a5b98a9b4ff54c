import { importExpression } from './flex-expressions.ts';
import type { KindOptions } from './kind-options.ts';
import { isFields } from './remarks.ts';
import type { Fields, Remarks } from './remarks.ts';

const KNOWN = [
  'jwtOrigin',
  'jwtExpression',
  'signingMethod',
  'signingKeyLength',
  'jwtKeyOrigin',
  'textKey',
  'jwksUrl',
  'jwksServiceTimeToLive',
  'jwksServiceConnectionTimeout',
  'skipClientIdValidation',
  'clientIdExpression',
  'validateAudClaim',
  'mandatoryAudClaim',
  'supportedAudiences',
  'mandatoryExpClaim',
  'mandatoryNbfClaim',
  'validateCustomClaim',
  'mandatoryCustomClaims',
  'nonMandatoryCustomClaims',
];

/**
 * Flex writes every option, even those without effect. Ours refuses an option without effect, so these are left out.
 */
export const mapJwtValidation: KindOptions = {
  kind: 'jwt-validation',
  known: KNOWN,
  map(config, remarks) {
    const mapped: Record<string, unknown> = { ...config };
    const drop = (...names: readonly string[]): void => names.forEach((name) => delete mapped[name]);
    if (config['signingMethod'] === 'none') {
      remarks
        .at('signingMethod')
        .refuse('none takes unsigned tokens, which anyone can write: name rsa, es or hmac, and a key');
    }
    if (config['jwtKeyOrigin'] === 'jwks') drop('textKey');
    else drop('jwksUrl', 'jwksServiceTimeToLive', 'jwksServiceConnectionTimeout');
    if (config['jwtOrigin'] === 'customExpression') {
      if ('jwtExpression' in config)
        mapped['jwtExpression'] = importExpression(config['jwtExpression'], remarks.at('jwtExpression'));
    } else drop('jwtExpression');
    if (config['validateAudClaim'] !== true && isEmpty(config['supportedAudiences'])) {
      drop('supportedAudiences', 'mandatoryAudClaim');
    }
    mapClaims(config, mapped, remarks);
    // The default of the reference, and the only value in its local mode.
    mapped['skipClientIdValidation'] = config['skipClientIdValidation'] ?? true;
    if (mapped['skipClientIdValidation'] === true) drop('clientIdExpression');
    else if ('clientIdExpression' in config)
      mapped['clientIdExpression'] = importExpression(config['clientIdExpression'], remarks.at('clientIdExpression'));
    if (config['mandatoryExpClaim'] === undefined) {
      remarks.note('a token without exp is refused here unless mandatoryExpClaim: false says otherwise');
    }
    return mapped;
  },
};

function mapClaims(config: Fields, mapped: Record<string, unknown>, remarks: Remarks): void {
  let claims = 0;
  for (const name of ['mandatoryCustomClaims', 'nonMandatoryCustomClaims']) {
    const list = config[name];
    if (isEmpty(list)) {
      delete mapped[name];
      continue;
    }
    claims++;
    if (!Array.isArray(list)) continue;
    mapped[name] = list.map((claim: unknown, index) => {
      if (!isFields(claim)) return claim;
      return Object.assign({}, claim, { value: claimValue(claim, remarks.at(name, index, 'value')) });
    });
  }
  if (claims === 0) delete mapped['validateCustomClaim'];
}

/** Imports a claim's value: `#[vars.claimSet.team == 'core']` for the claim `team` becomes the literal `core`. */
function claimValue({ key, value }: Fields, remarks: Remarks): unknown {
  if (typeof value !== 'string' || !value.includes('#[')) return value;
  const compared =
    /^\s*#\[\s*vars\.claimSet(?:\.([\w$-]+)|\[\s*'([^']+)'\s*\])\s*==\s*(?:'([^'\\]*)'|"([^"\\]*)"|(\d+|true|false))\s*\]\s*$/.exec(
      value,
    );
  if (compared !== null && (compared[1] ?? compared[2]) === key) {
    return compared[5] === undefined ? (compared[3] ?? compared[4]) : (JSON.parse(compared[5]) as unknown);
  }
  remarks.refuse(
    `a claim is compared with a literal here: for ${JSON.stringify(value)} write a policy authorization with a condition in CEL on claims ` +
      '(docs/policies/authorization.md)',
  );
  return '';
}

function isEmpty(value: unknown): boolean {
  return value === undefined || value === null || value === '' || (Array.isArray(value) && value.length === 0);
}
