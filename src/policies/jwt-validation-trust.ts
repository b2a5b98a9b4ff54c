import { hash } from 'node:crypto';
import type { ClaimRules } from '../jwt/claims.ts';
import { faultOfName } from '../jwt/issuer-name.ts';
import { namedIssuers, oneIssuer } from '../jwt/issuers.ts';
import type { Issuers } from '../jwt/issuers.ts';
import type { KeySetPlace } from '../jwt/key-set-place.ts';
import type { KeySets } from '../jwt/key-sets.ts';
import { fixedKeys, publishedKeys } from '../jwt/key-source.ts';
import type { KeySource } from '../jwt/key-source.ts';
import { keysFromText } from '../jwt/text-key.ts';
import type { ClientIssuer } from '../policy/client-issuer.ts';
import { listOf, pathOf } from './jwt-validation-fields.ts';
import { algorithmsOf, discoveryUrlOf, issuerNameOf } from './jwt-validation-issuers.ts';
import type { IssuerEntry } from './jwt-validation-issuers.ts';
import { allowedAlgorithms } from './jwt-validation-parameters.ts';
import type { JwtValidationOptions } from './jwt-validation-parameters.ts';

/** The issuers whose tokens the policy accepts. Call it last: it holds key sets until the policy closes. */
export function issuersOf(config: JwtValidationOptions, keySets: KeySets): Issuers {
  if (config.issuers === undefined) {
    const algorithms = allowedAlgorithms(config);
    const keys =
      config.jwtKeyOrigin === 'text'
        ? fixedKeys(keysFromText(config.textKey ?? '', algorithms))
        : published(placesOf(config.jwksUrl), config, keySets);
    return oneIssuer({ algorithms, keys, rules: rulesOfOne(config) });
  }
  const common = commonRules(config);
  return namedIssuers(
    config.issuers.map((entry) => {
      const name = issuerNameOf(entry);
      const algorithms = algorithmsOf(entry);
      const audience = entry.audience === undefined ? undefined : { anyOf: [entry.audience].flat(), mandatory: true };
      // A JWT-SVID must have exp (SPIFFE JWT-SVID, 3).
      const expiryMandatory = common.expiryMandatory || name.kind === 'trust_domain';
      return {
        name,
        algorithms: new Set(algorithms),
        keys: keysOf(entry, config, keySets),
        rules: { ...common, issuers: [], audience, expiryMandatory, further: (claims) => faultOfName(name, claims) },
      };
    }),
  );
}

function keysOf(entry: IssuerEntry, config: JwtValidationOptions, keySets: KeySets): KeySource {
  if (entry.textKey !== undefined) return fixedKeys(keysFromText(entry.textKey, algorithmsOf(entry)));
  const url = discoveryUrlOf(entry);
  if (url === undefined) return published(placesOf(entry.jwksUrl), config, keySets);
  const discovery = { issuers: [entry.issuer ?? []].flat(), allowInsecure: config.allowInsecureJwks };
  return published([{ url, discovery }], config, keySets);
}

function placesOf(urls: JwtValidationOptions['jwksUrl']): readonly KeySetPlace[] {
  return [...new Set(listOf(urls))].map((url) => ({ url }));
}

function published(places: readonly KeySetPlace[], config: JwtValidationOptions, keySets: KeySets): KeySource {
  const need = {
    timeToLiveMs: config.jwksServiceTimeToLive * 60_000,
    timeoutMs: config.jwksServiceConnectionTimeout,
  };
  return publishedKeys(
    places.map(({ url, discovery }) => keySets.hold(url, need, discovery)),
    keySets,
  );
}

function rulesOfOne(config: JwtValidationOptions): ClaimRules {
  return {
    ...commonRules(config),
    issuers: config.issuer === undefined ? [] : [config.issuer].flat(),
    audience: config.validateAudClaim
      ? { anyOf: listOf(config.supportedAudiences), mandatory: config.mandatoryAudClaim }
      : undefined,
  };
}

function commonRules(config: JwtValidationOptions): Omit<ClaimRules, 'issuers' | 'audience'> {
  const custom = (claims: JwtValidationOptions['mandatoryCustomClaims'], mandatory: boolean): ClaimRules['custom'] =>
    claims.map(({ key, path, value }) => ({ ...claimNamed(key, path), anyOf: [value].flat(), mandatory }));
  return {
    expiryMandatory: config.mandatoryExpClaim,
    notBeforeMandatory: config.mandatoryNbfClaim,
    toleranceMs: config.clockToleranceSeconds * 1000,
    custom: [...custom(config.mandatoryCustomClaims, true), ...custom(config.nonMandatoryCustomClaims, false)],
  };
}

function claimNamed(key: string | undefined, path: string | undefined) {
  return path === undefined ? { key: key ?? '' } : { key: path, path: pathOf(path) };
}

/** The issuers whose tokens may name a client. If no issuer is named, there is one: whoever has the keys. */
export function clientIssuersOf(config: JwtValidationOptions): readonly ClientIssuer[] {
  if (config.issuers !== undefined) {
    return config.issuers.map((entry) => {
      const name = issuerNameOf(entry);
      if (name.kind === 'pattern') return { name: name.source, isMany: true };
      return { name: name.kind === 'exact' ? name.names.join(' ') : `spiffe://${name.domain}`, isMany: false };
    });
  }
  // A list in `issuer` is several issuers, as in earlier releases, though their keys are the same.
  if (config.issuer !== undefined)
    return [config.issuer].flat().map((name) => ({ name, isMany: false, isPlain: true }));
  const urls = listOf(config.jwksUrl).toSorted();
  const name = config.jwtKeyOrigin === 'jwks' ? urls.join(' ') : hash('sha256', config.textKey ?? '');
  return [{ name: `keys ${name}`, isMany: false, isPlain: true }];
}
