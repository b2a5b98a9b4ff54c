import type { EgressRules } from '../egress/rules.ts';
import type { PolicyRemark } from '../policy/policy.ts';
import { upgrade } from '../policy/upgrade-note.ts';
import type { UpgradeNote } from '../policy/upgrade-note.ts';
import { loopbackNotes } from './egress-loopback.ts';
import { listOf } from './jwt-validation-fields.ts';
import { discoveryUrlOf } from './jwt-validation-issuers.ts';
import type { IssuerEntry } from './jwt-validation-issuers.ts';
import type { JwtValidationOptions } from './jwt-validation-parameters.ts';

const NOT_BEARER =
  'is refuse where it is left out: tokens with cnf, or of a typ such as dpop+jwt, are 401 now; write refuse, or ignore for what 0.1 did';
const SEVERAL_ISSUERS =
  'takes tokens of several issuers: a client counts only where its ClientApplication has their issuer in issuers, else it is 403 now; write issuers here, with keys for each (of one issuer with several names one entry)';
const NO_AUDIENCE = 'has no audience: its tokens for every other service are valid here too; name what aud must have';

const DOTTED =
  'is the whole name of one claim, dots included; where a claim inside another is meant, write path in place of it';

/** The options as their author wrote them, without defaults. */
type Written = Partial<Omit<JwtValidationOptions, 'issuers'>> & { readonly issuers?: readonly IssuerEntry[] };

export function upgradeNotesOf(written: Readonly<Record<string, unknown>>, rules: EgressRules): readonly UpgradeNote[] {
  const { issuer, issuers = [], jwksUrl, senderConstraint, skipClientIdValidation } = written as Written;
  // Documents with options that 0.1 did not have were not written for 0.1.
  const isNew = written['issuers'] !== undefined || written['places'] !== undefined;
  const isSeveral = Array.isArray(issuer) && issuer.length > 1 && skipClientIdValidation !== true;
  return [
    ...(senderConstraint === undefined && !isNew
      ? [upgrade('sender-constraint', ['senderConstraint'], NOT_BEARER)]
      : []),
    ...(isSeveral ? [upgrade('several-issuers', ['issuer'], SEVERAL_ISSUERS)] : []),
    ...loopbackNotes('jwksUrl', listOf(jwksUrl), rules),
    ...issuers.flatMap((entry, index) =>
      loopbackNotes(['issuers', index, 'jwksUrl'], listOf(entry.jwksUrl), rules).concat(
        loopbackNotes(['issuers', index, 'discovery'], [discoveryUrlOf(entry) ?? []].flat(), rules),
      ),
    ),
  ];
}

export function warningsOf(written: Readonly<Record<string, unknown>>): readonly PolicyRemark[] {
  const {
    issuers = [],
    claimsToHeaders = [],
    mandatoryCustomClaims = [],
    nonMandatoryCustomClaims = [],
  } = written as Written;
  const dotted = (field: string, names: readonly (string | undefined)[], own: string): readonly PolicyRemark[] =>
    names.flatMap((name, index) => (looksLikePath(name) ? [{ path: [field, index, own], message: DOTTED }] : []));
  return [
    ...issuers.flatMap(({ audience }, index) => {
      return audience === undefined ? [{ path: ['issuers', index], message: NO_AUDIENCE }] : [];
    }),
    ...dotted(
      'claimsToHeaders',
      claimsToHeaders.map(({ claim }) => claim),
      'claim',
    ),
    ...dotted(
      'mandatoryCustomClaims',
      mandatoryCustomClaims.map(({ key }) => key),
      'key',
    ),
    ...dotted(
      'nonMandatoryCustomClaims',
      nonMandatoryCustomClaims.map(({ key }) => key),
      'key',
    ),
  ];
}

/** Whether a claim's name could be meant as a path. Dots that belong to a name occur mostly in URLs. */
function looksLikePath(name: string | undefined): boolean {
  return name !== undefined && /^[\w-]+(?:\.[\w-]+)+$/.test(name);
}
