import type { z } from 'zod';
import type { Denial } from '../denial/denial.ts';
import type { ReasonTable } from '../denial/reasons.ts';
import { InquiryFault } from '../inquiry/fault.ts';
import { bearerToken } from '../jwt/bearer.ts';
import { introspect } from '../oauth/introspection.ts';
import { clientHeaderNames, clientHeaders } from '../policy/client-headers.ts';
import type { ClientIssuer } from '../policy/client-issuer.ts';
import { BEARER_HEADER } from '../policy/authenticating.ts';
import { compileExpression } from '../policy/expression.ts';
import { definePolicy } from '../policy/policy.ts';
import type { AccessPolicy, Outcome, PolicyRemark, Request } from '../policy/policy.ts';
import { Unavailable } from '../policy/unavailable.ts';
import { settle } from '../settle.ts';
import { loopbackRemarks } from './egress-loopback.ts';
import type { PolicySurroundings } from './environment.ts';
import { withClient } from './jwt-validation-admission.ts';
import { refineIntrospection } from './oauth2-token-introspection-options.ts';
import {
  clientExpressionsOf,
  endpointOfOptions,
  exposedHeaders,
  introspectionParameters,
  scopesOfOptions,
} from './oauth2-token-introspection-parameters.ts';
import type { IntrospectionOptions } from './oauth2-token-introspection-parameters.ts';
import { introspectionFiles, serverOf } from './oauth2-token-introspection-server.ts';
import { judging } from './oauth2-token-introspection-judging.ts';
import type { Judged } from './oauth2-token-introspection-judging.ts';

declare module '../denial/denial.ts' {
  interface Reasons {
    introspection_unavailable: { readonly retryAfterSeconds: number };
  }
}

export const INTROSPECTION_REASONS: Partial<ReasonTable> = {
  introspection_unavailable: {
    httpStatus: 503,
    sentence: 'The service is temporarily unavailable.',
    headers: ({ retryAfterSeconds }) => [['retry-after', String(Math.max(1, Math.ceil(retryAfterSeconds)))]],
    meaning: 'the authorization server gives no answer about a token that can be used, and `onFailure` is `deny`',
  },
};

/** The syntax of a bearer token (RFC 6750, 2.1). */
const TOKEN = /^[A-Za-z0-9._~+/-]+=*$/;
const MAX_TOKEN_LENGTH = 16 * 1024;

const ANY_AUDIENCE =
  'is missing: every active token of the authorization server passes, those too that were made for other services; name what aud must hold, or write anyAudience: true';

/** The common part of the kinds that introspect tokens. Some of their parameters have different names. */
export const introspectionTraits = {
  phase: 'access',
  reasons: INTROSPECTION_REASONS,
  secretFields: ['authorizationValue', 'clientAuthentication'],
  files: introspectionFiles,
  warnings: (written: Readonly<Record<string, unknown>>, { egress }: PolicySurroundings): readonly PolicyRemark[] => [
    ...(written['audience'] === undefined && written['anyAudience'] !== true
      ? [{ path: ['audience'], message: ANY_AUDIENCE }]
      : []),
    ...['introspectionURL', 'tokenUrl', 'issuer', 'metadataUrl', 'jwksUrl'].flatMap((field) =>
      loopbackRemarks(field, written[field], egress.rules),
    ),
  ],
  create: createIntrospection,
} as const;

/**
 * Only tokens that their authorization server calls active may pass (`docs/policies/oauth2-token-introspection.md`).
 */
export default definePolicy({
  name: 'oauth2-token-introspection',
  summary: 'Admits requests with a token that its authorization server calls active, and the clients that it names',
  options: introspectionParameters.superRefine(refineIntrospection),
  ...introspectionTraits,
} satisfies Parameters<typeof definePolicy<z.ZodType<IntrospectionOptions>, PolicySurroundings>>[0]);

function createIntrospection(config: IntrospectionOptions, environment: PolicySurroundings): AccessPolicy {
  const { clock, inquire } = environment;
  const told = config.skipClientIdValidation
    ? undefined
    : clientHeaders(config.upstreamHeaders ?? clientHeaderNames.parse({}));
  const clientRules = told && {
    selections: [clientExpressionsOf(config)].flat().map(compileExpression),
    told,
    isOfSeveral: false,
  };
  const remove = config.forwardToken ? [] : ['authorization'];
  const judge = judging(config, remove);
  const server = serverOf(config, environment);
  const inquiries = inquire<Judged>({
    maxEntries: config.maxCacheSize ?? config.maxCacheEntries,
    async ask(token, signal) {
      const introspected = await introspect(token, server, signal);
      return judge(introspected, clock.now(), token.length);
    },
  });

  const outcomeOf = (request: Request, { admission, expiresAtMs }: Judged): Outcome => {
    if (admission.reason !== undefined) return admission;
    if (clock.now() >= expiresAtMs) return invalid('the token has expired');
    // Contracts can change while a token stays active, so they are looked up each time.
    return clientRules === undefined ? admission : withClient(request, admission, clientRules);
  };

  return {
    phase: 'access',
    identityHeaders: [...exposedHeaders(config).map(({ header }) => header), ...(told?.names ?? [])],
    ...(told === undefined ? {} : { clientHeaders: told.names }),
    clientIssuers: told === undefined ? [] : [clientIssuerOf(config)],
    provides: told === undefined ? ['claims'] : ['claims', 'client'],
    authenticates: {
      credential: BEARER_HEADER,
      isPresent: (request) => bearerToken(request.check.header('authorization')).kind !== 'missing',
      challenge: 'Bearer',
      headers: ['authorization'],
      bearer: {
        issuers: URL.parse(config.issuer ?? '')?.protocol === 'https:' ? [config.issuer ?? ''] : [],
        scopes: scopesOfOptions(config),
        methods: ['header'],
      },
    },
    decide(request) {
      const offered = bearerToken(request.check.header('authorization'));
      if (offered.kind === 'missing') {
        return { reason: 'token_missing', status: config.missingTokenStatus, detail: offered.detail };
      }
      if (offered.kind === 'malformed') return invalid(offered.detail);
      const { token } = offered;
      if (token.length > MAX_TOKEN_LENGTH) return invalid(`the token is longer than ${MAX_TOKEN_LENGTH} characters`);
      const known = inquiries.recall(token);
      if (known !== undefined) return outcomeOf(request, known);
      if (!TOKEN.test(token)) return invalid('the token has characters that no bearer token has (RFC 6750, 2.1)');
      return settle<Judged, Outcome>(
        inquiries.about(token, request),
        (judged) => outcomeOf(request, judged),
        (error) => unjudged(error),
      );
    },
    close() {
      inquiries.close();
      server.signed?.close();
    },
  };
}

function invalid(detail: string): Denial {
  return { reason: 'token_invalid', detail };
}

/**
 * If the server could not be asked because too many requests wait, the request is denied whatever `onFailure` says:
 * otherwise a caller could pass by causing a flood.
 * @throws Unavailable if the server itself failed
 */
function unjudged(error: unknown): Denial {
  if (!(error instanceof InquiryFault)) throw error;
  if (error.outcome === 'busy' || error.outcome === 'gone') {
    return { reason: 'token_unverified', detail: `the token was not introspected: ${error.message}` };
  }
  throw new Unavailable({
    reason: 'introspection_unavailable',
    retryAfterSeconds: error.retryInMs / 1000,
    detail: `the authorization server: ${error.message}`,
  });
}

/** The issuer whose tokens may name a client: the server that is asked. */
function clientIssuerOf(config: IntrospectionOptions): ClientIssuer {
  return { name: config.issuer ?? `introspection ${endpointOfOptions(config) ?? ''}`, isMany: false };
}
