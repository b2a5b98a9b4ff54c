import type { Denial } from '../denial/denial.ts';
import { Verifier } from '../jwt/verifier.ts';
import type { VerifiedToken } from '../jwt/verifier.ts';
import { clientHeaders } from '../policy/client-headers.ts';
import { compileExpression } from '../policy/expression.ts';
import { definePolicy } from '../policy/policy.ts';
import type { Outcome, Request } from '../policy/policy.ts';
import { settle } from '../settle.ts';
import type { PolicyEnvironment } from './environment.ts';
import { admission, JWT_REASONS, withClient } from './jwt-validation-admission.ts';
import type { Admission } from './jwt-validation-admission.ts';
import { bindingCheck, checksCertificate } from './jwt-validation-binding.ts';
import { upgradeNotesOf, warningsOf } from './jwt-validation-notes.ts';
import { jwtValidationOptions } from './jwt-validation-options.ts';
import { clientHeaderNamesOf } from './jwt-validation-parameters.ts';
import { authenticating, tokenOrigin } from './jwt-validation-places.ts';
import { sharedKeysIn } from './jwt-validation-secrets.ts';
import { clientIssuersOf, issuersOf } from './jwt-validation-trust.ts';

type Needs = Pick<PolicyEnvironment, 'clock' | 'keySets' | 'egress'>;

/** Only requests with a valid token may pass (`docs/policies/jwt-validation.md`). */
export default definePolicy({
  name: 'jwt-validation',
  phase: 'access',
  summary: 'Admits requests with a valid signed JSON Web Token, and the client applications that they name',
  options: jwtValidationOptions,
  secretPlaces: sharedKeysIn,
  reasons: JWT_REASONS,
  upgradeNotes: (written, { egress }: Needs) => upgradeNotesOf(written, egress.rules),
  warnings: (written) => warningsOf(written),
  create(config, { clock, keySets }: Needs) {
    const origin = tokenOrigin(config);
    const names = clientHeaderNamesOf(config);
    const told = names === undefined ? undefined : clientHeaders(names);
    const clientIssuers = clientIssuersOf(config);
    const clientRules = told && {
      selections: [config.clientIdExpression].flat().map(compileExpression),
      told,
      isOfSeveral: clientIssuers.length > 1 || clientIssuers.some(({ isMany }) => isMany),
    };
    const remove = config.forwardToken ? [] : origin.headers;
    const { senderConstraint: constraint } = config;
    const faultOfSender = bindingCheck(config);
    // Last, because it holds key sets until the policy closes.
    const issuers = issuersOf(config, keySets);
    const verifier = new Verifier({
      clock,
      memory: keySets.tokens,
      refusals: keySets.refusals,
      gate: keySets.gate,
      senderConstraint: constraint === 'refuse' || constraint === 'ignore' ? constraint : 'derive',
      derive: admission(config, remove),
      issuers,
    });

    const outcomeOf = (request: Request, token: VerifiedToken<Admission> | Denial): Outcome => {
      if (token.reason !== undefined) return token;
      const { derived } = token;
      if (derived.reason === undefined && derived.boundTo !== undefined) {
        const other = faultOfSender(request, derived.boundTo);
        if (other !== undefined) return other;
      }
      // Contracts can change while a token stays verified, so they are looked up each time.
      if (clientRules === undefined || derived.reason !== undefined) return derived;
      return withClient(request, derived, clientRules);
    };

    return {
      phase: 'access',
      identityHeaders: [...config.claimsToHeaders.map(({ header }) => header), ...(told?.names ?? [])],
      ...(told === undefined ? {} : { clientHeaders: told.names }),
      clientIssuers,
      provides: told === undefined ? ['claims'] : ['claims', 'client'],
      authenticates: authenticating(config, { origin, issuers }),
      requires:
        checksCertificate(config) && config.senderCertificate !== 'forwardedClientCert'
          ? [{ what: 'certificate', field: 'senderConstraint' }]
          : [],
      headerReads: origin.headerReads,
      decide(request) {
        const { headerName } = origin;
        const known = headerName === undefined ? undefined : verifier.recall(request.check, headerName);
        if (known !== undefined) return outcomeOf(request, known);
        const offered = origin.offered(request);
        if (offered.kind === 'missing') {
          return { reason: 'token_missing', status: config.missingTokenStatus, detail: offered.detail };
        }
        if (offered.kind === 'malformed') return { reason: 'token_invalid', detail: offered.detail };
        const presented = headerName === undefined ? '' : request.check.header(headerName);
        const verified = verifier.verify(offered.token, request.deadline, presented, request.caller);
        return settle(verified, (token) => {
          const outcome = outcomeOf(request, token);
          const { headers } = offered;
          // A header that can hold a token may hold something else in this request.
          return headers === undefined || config.forwardToken || outcome.reason !== undefined
            ? outcome
            : { ...outcome, remove: headers };
        });
      },
      close() {
        verifier.close();
      },
    };
  },
});
