import type { KindOptions } from './kind-options.ts';
import type { Fields, Remarks } from './remarks.ts';

const CAMEL = [
  'introspectionURL',
  'authorizationValue',
  'validatedTokenTTL',
  'authenticationTimeout',
  'skipClientIdValidation',
  'consumerBy',
  'exposeHeaders',
  'scopes',
  'scopeValidationCriteria',
  'maxCacheEntries',
] as const;

/** Flex Gateway 1.3 and 1.4 used snake case, such as `introspection_url`. */
const SNAKE: ReadonlyMap<string, string> = new Map(
  CAMEL.map((name) => [name.replace(/URL|TTL|[A-Z]/g, (letters) => `_${letters.toLowerCase()}`), name]),
);

const OF_PROVIDERS = ['secureTrustStore', 'maxFederationExpirationTime', 'maxCacheSize', 'tokenUrl'];

/** Imports a policy that asks an authorization server about a token. */
export function mapIntrospection(kind: string): KindOptions {
  const known = [...CAMEL, ...(kind.startsWith('oauth2') ? SNAKE.keys() : OF_PROVIDERS)];
  return {
    kind,
    known,
    map(written, remarks) {
      const config: Record<string, unknown> = Object.fromEntries(
        Object.entries(written).map(([name, value]) => [SNAKE.get(name) ?? name, value]),
      );
      mapProvider(config, remarks);
      if (config['introspectionURL'] === undefined && config['tokenUrl'] === undefined) {
        remarks
          .at('introspectionURL')
          .refuse(
            'is missing: Flex/Omni Gateway has it from its control plane. Write the URL of your authorization server here, and authorizationValue',
          );
      }
      if (config['skipClientIdValidation'] === undefined || config['skipClientIdValidation'] === null) {
        config['skipClientIdValidation'] = true;
      }
      if (config['skipClientIdValidation'] === true) delete config['consumerBy'];
      // The behaviour of the reference, which has no option for the audience.
      config['anyAudience'] = true;
      remarks.note(
        'tokens that were made for other services pass, as before: name audience in place of anyAudience: true',
      );
      return config;
    },
  };
}

/** Imports options of the policies that get their server from the control plane. */
function mapProvider(config: Record<string, unknown>, remarks: Remarks): void {
  const { secureTrustStore, maxFederationExpirationTime: longest, maxCacheSize } = config as Fields;
  delete config['secureTrustStore'];
  if (secureTrustStore !== undefined)
    remarks
      .at('secureTrustStore')
      .note('certificates are always checked here; authorities are named in tls.authoritiesFile');
  delete config['maxFederationExpirationTime'];
  if (longest !== undefined && longest !== null && longest !== -1) config['validatedTokenTTL'] = longest;
  if (maxCacheSize === 0) {
    delete config['maxCacheSize'];
    config['validatedTokenTTL'] = 0;
  }
}
