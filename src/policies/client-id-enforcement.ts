import { z } from 'zod';
import type { Denial } from '../denial/denial.ts';
import { hasBasic, parseBasic, realmOption } from '../policy/basic-credentials.ts';
import { authenticateClient, rejection } from '../policy/client-credentials.ts';
import type { AuthenticatedClient } from '../policy/client-credentials.ts';
import { clientHeaderNames, clientHeaders } from '../policy/client-headers.ts';
import { BASIC_HEADER } from '../policy/authenticating.ts';
import {
  CLIENT_ID_CHALLENGE,
  clientCredentialPresence,
  credentialSelections,
  dashedHeaders,
  dashedProblem,
  DEFAULT_ID,
  DEFAULT_SECRET,
} from '../policy/credential-headers.ts';
import { expressionNeeds, expressionOption, expressionOrNone, headerReads } from '../policy/expression.ts';
import type { ExpressionSource } from '../policy/expression.ts';
import { forwardCredentials, forwardingNotes, hiddenHeaders, hidingProblem } from '../policy/forwarding.ts';
import { definePolicy } from '../policy/policy.ts';
import type { Authenticating, Outcome, Request } from '../policy/policy.ts';

const options = z
  .strictObject({
    credentialsOriginHasHttpBasicAuthenticationHeader: z
      .enum(['customExpression', 'httpBasicAuthenticationHeader'])
      .default('customExpression')
      .describe('Where the credentials are: in two expressions, or in HTTP Basic authentication'),
    clientIdExpression: expressionOption.optional().describe(`Default ${DEFAULT_ID}`),
    clientSecretExpression: expressionOrNone.optional().describe(`Default ${DEFAULT_SECRET}; "" for the id alone`),
    dashedHeaders,
    forwardCredentials,
    realm: realmOption.describe('Of the challenge in basic mode'),
    upstreamHeaders: clientHeaderNames.prefault({}).describe('Headers that tell the upstream who calls'),
  })
  .superRefine((value, context) => {
    const basic = value.credentialsOriginHasHttpBasicAuthenticationHeader === 'httpBasicAuthenticationHeader';
    for (const field of ['clientIdExpression', 'clientSecretExpression'] as const) {
      const source = value[field];
      if (source === undefined) continue;
      const problem = basic
        ? 'has no effect with httpBasicAuthenticationHeader; remove one of the two'
        : problemOf(source, field === 'clientIdExpression' ? 'id' : 'secret', value.forwardCredentials);
      if (problem !== undefined) context.addIssue({ code: 'custom', path: [field], message: problem });
    }
    const useless = basic
      ? value.dashedHeaders && 'has no effect with httpBasicAuthenticationHeader; remove it'
      : dashedProblem(value);
    if (useless) context.addIssue({ code: 'custom', path: ['dashedHeaders'], message: useless });
  });

function problemOf(source: ExpressionSource, which: 'id' | 'secret', forward: boolean | 'id'): string | undefined {
  try {
    return source === '' ? undefined : hidingProblem(source, which, forward);
  } catch (error) {
    return (error as Error).message;
  }
}

/** Only client applications with an approved contract may pass (`docs/policies/client-id-enforcement.md`). */
export default definePolicy({
  name: 'client-id-enforcement',
  phase: 'access',
  summary: 'Admits client applications that present a known id and secret and have an approved contract',
  options,
  upgradeNotes: (written) => (written['clientSecretExpression'] === '' ? [] : forwardingNotes(written)),
  create(config) {
    const { clientIdExpression, clientSecretExpression } = config;
    const basic = config.credentialsOriginHasHttpBasicAuthenticationHeader === 'httpBasicAuthenticationHeader';
    const source = basic ? basicSource(config) : expressionSource(config);
    const told = clientHeaders(config.upstreamHeaders);
    const remove = source.hidden;
    return {
      phase: 'access',
      identityHeaders: told.names,
      clientHeaders: told.names,
      provides: ['client'],
      authenticates: source.authenticates,
      requires: basic ? [] : expressionNeeds({ clientIdExpression, clientSecretExpression }),
      headerReads: basic
        ? []
        : headerReads({
            clientIdExpression: clientIdExpression ?? DEFAULT_ID,
            clientSecretExpression: clientSecretExpression ?? DEFAULT_SECRET,
          }),
      decide(request): Outcome {
        const found = source.authenticate(request);
        if (found.reason !== undefined) return found;
        const { client, contract } = found;
        return { identity: { client, contract }, upstream: told.of(client, contract), remove };
      },
    };
  },
});

interface CredentialSource {
  readonly authenticates: Authenticating;
  /** The headers that the upstream must not see. */
  readonly hidden: readonly string[];
  authenticate(request: Request): Denial | AuthenticatedClient;
}

function expressionSource(config: z.infer<typeof options>): CredentialSource {
  const { id, secret } = credentialSelections(config);
  return {
    authenticates: clientCredentialPresence({ id, secret }, CLIENT_ID_CHALLENGE),
    hidden: hiddenHeaders({ id, secret }, config.forwardCredentials),
    authenticate: (request) =>
      authenticateClient(
        request,
        {
          clientId: id.select(request),
          clientSecret: secret?.select(request),
          secretRequired: secret !== undefined,
          isClaimed: id.fromClaims,
        },
        CLIENT_ID_CHALLENGE,
      ),
  };
}

function basicSource({ realm, forwardCredentials: forward }: z.infer<typeof options>): CredentialSource {
  const challenge = `Basic realm="${realm}"`;
  return {
    authenticates: {
      credential: BASIC_HEADER,
      isPresent: (request) => hasBasic(request.check.header('authorization')),
      challenge,
      headers: ['authorization'],
    },
    // The header holds id and secret in one text, so both are hidden or neither.
    hidden: forward === true ? [] : ['authorization'],
    authenticate(request) {
      const header = request.check.header('authorization');
      if (header === undefined || !/^basic /i.test(header)) {
        return rejection('credentials_missing', 'the request has no HTTP Basic credentials', challenge);
      }
      const credentials = parseBasic(header);
      if (credentials === undefined)
        return rejection('credentials_malformed', 'the HTTP Basic credentials are malformed', challenge);
      const { name: clientId, secret: clientSecret } = credentials;
      return authenticateClient(request, { clientId, clientSecret, secretRequired: true }, challenge);
    },
  };
}
