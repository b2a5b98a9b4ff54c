import { z } from 'zod';
import type { Contract, Tier } from '../contract/contract.ts';
import type { Denial } from '../denial/denial.ts';
import { authenticateClient, contractOf, rejection } from '../policy/client-credentials.ts';
import type { AuthenticatedClient } from '../policy/client-credentials.ts';
import { clientHeaderNames, clientHeaders } from '../policy/client-headers.ts';
import {
  CLIENT_ID_CHALLENGE,
  clientCredentialPresence,
  credentialSelections,
  dashedHeaders,
  dashedProblem,
  DEFAULT_ID,
  DEFAULT_SECRET,
} from '../policy/credential-headers.ts';
import { expressionNeeds, expressionOrNone, expressionOption, headerReads } from '../policy/expression.ts';
import { forwardCredentials, forwardingNotes, hiddenHeaders, hidingProblem } from '../policy/forwarding.ts';
import { definePolicy } from '../policy/policy.ts';
import type { Authenticating, Charge, Request } from '../policy/policy.ts';
import { costOf, expressionFault, quotaOptions, refineQuotaOptions, termsOf } from '../policy/quota-options.ts';
import type { QuotaTerms } from '../quota/store.ts';

const options = z
  .strictObject({
    clientIdExpression: expressionOption
      .optional()
      .describe(`Default: the client an earlier policy has authenticated, else ${DEFAULT_ID}`),
    clientSecretExpression: expressionOrNone.optional().describe(`Default ${DEFAULT_SECRET}; "" for the id alone`),
    dashedHeaders,
    forwardCredentials,
    useProposedLimits: z
      .boolean()
      .default(false)
      .describe('Count by the proposedLimits of tiers that have them; in mode shadow, to see first what they refuse'),
    upstreamHeaders: clientHeaderNames.prefault({}).describe('Headers that tell the upstream who calls'),
    ...quotaOptions,
  })
  .superRefine((value, context) => {
    refineQuotaOptions(value, context);
    const { clientIdExpression, clientSecretExpression, forwardCredentials: forward } = value;
    expressionFault(clientIdExpression, 'clientIdExpression', context, (source) =>
      hidingProblem(source, 'id', forward),
    );
    if (clientSecretExpression !== '') {
      expressionFault(clientSecretExpression, 'clientSecretExpression', context, (source) =>
        hidingProblem(source, 'secret', forward),
      );
    }
    const useless = dashedProblem(value);
    if (useless !== undefined) context.addIssue({ code: 'custom', path: ['dashedHeaders'], message: useless });
  });

/** Limits each contract by its SLA tier (`docs/policies/rate-limiting-sla.md`). */
export default definePolicy({
  name: 'rate-limiting-sla',
  phase: 'quota',
  summary: "Limits each client application by the SLA tier of its contract with the API; other clients don't pass",
  options,
  upgradeNotes: (written) => (written['clientSecretExpression'] === '' ? [] : forwardingNotes(written)),
  create(config) {
    const { clientIdExpression, clientSecretExpression } = config;
    const { trustsEarlier, authenticate, authenticates, hidden } = authentication(config);
    const told = clientHeaders(config.upstreamHeaders);
    const terms = termsOf(config);
    const cost = costOf(config);
    const limitsIn = ({ limits, proposedLimits }: Tier): Tier['limits'] =>
      config.useProposedLimits ? (proposedLimits ?? limits) : limits;
    return {
      phase: 'quota',
      identityHeaders: told.names,
      clientHeaders: told.names,
      exposeHeaders: config.exposeHeaders,
      provides: ['client'],
      authenticates,
      requires: expressionNeeds({ clientIdExpression, clientSecretExpression, cost: config.cost }),
      headerReads: headerReads({
        clientIdExpression: clientIdExpression ?? DEFAULT_ID,
        clientSecretExpression: clientSecretExpression ?? DEFAULT_SECRET,
        cost: config.cost,
      }),
      faultsAt: ({ name, tiers }) => {
        const fixed = config.cost;
        if (typeof fixed !== 'number' || tiers.length === 0) return [];
        const isEvery = tiers.every(({ limits }) =>
          limits.some(({ maximumRequests }) => maximumRequests > 0 && fixed > maximumRequests),
        );
        if (!isEvery) return [];
        const message = `is above a limit of every tier of the API ${name}: no request could ever pass; lower it, or raise maximumRequests`;
        return [{ path: ['cost'], message }];
      },
      onStoreFailure: terms.onStoreFailure,
      demand(request): Denial | Charge {
        const found = authenticate(request);
        if (found.reason !== undefined) return found;
        const { client, contract } = found;
        const { tier } = contract;
        if (tier === undefined)
          return rejection('tier_missing', `contract ${contract.name} has no tier`, CLIENT_ID_CHALLENGE);
        const units = cost(request);
        if (typeof units !== 'number') return units;
        const charge: Charge = {
          key: contract.name,
          limits: limitsIn(tier),
          cost: units,
          terms: termsOfTier(tier, terms),
          identity: found,
        };
        if (trustsEarlier(request)) return charge;
        return { ...charge, upstream: told.of(client, contract), remove: hidden };
      },
      demandFor({ clientId, api }, directory): Charge | undefined {
        const contract = directory.contract(clientId, api);
        if (contract?.tier === undefined) return undefined;
        const limits = limitsIn(contract.tier);
        return limits.length === 0 ? undefined : chargeOf(contract, contract.tier, limits, terms);
      },
    };
  },
});

/**
 * The counter belongs to the contract, not to its tier: after a change of the tier, the usage in open windows stays.
 */
function chargeOf({ name }: Contract, tier: Tier, limits: Tier['limits'], terms: QuotaTerms): Charge {
  return { key: name, limits, cost: 1, terms: termsOfTier(tier, terms) };
}

function termsOfTier({ onStoreFailure }: Tier, terms: QuotaTerms): QuotaTerms {
  return onStoreFailure === undefined ? terms : { ...terms, onStoreFailure };
}

interface Authentication {
  /** Whether an earlier policy has authenticated the client. It has then also set the headers for the upstream. */
  readonly trustsEarlier: (request: Request) => boolean;
  readonly authenticate: (request: Request) => Denial | AuthenticatedClient;
  readonly authenticates: Authenticating;
  /** The headers to remove before the upstream sees the request. */
  readonly hidden: readonly string[];
}

function authentication(config: z.infer<typeof options>): Authentication {
  const { id, secret } = credentialSelections(config);
  const hasNoOwn = config.clientIdExpression === undefined && config.clientSecretExpression === undefined;
  return {
    trustsEarlier: ({ identity }) => hasNoOwn && identity.client !== undefined,
    authenticate(request) {
      const { client } = request.identity;
      if (hasNoOwn && client !== undefined) return contractOf(request, client, CLIENT_ID_CHALLENGE);
      return authenticateClient(
        request,
        {
          clientId: id.select(request),
          clientSecret: secret?.select(request),
          secretRequired: secret !== undefined,
          isClaimed: id.fromClaims,
        },
        CLIENT_ID_CHALLENGE,
      );
    },
    authenticates: clientCredentialPresence({ id, secret }, CLIENT_ID_CHALLENGE),
    hidden: hiddenHeaders({ id, secret }, config.forwardCredentials),
  };
}
