import { z } from 'zod';
import { MAX_KEY_LENGTH, findKey } from '../contract/api-key.ts';
import type { ClientApplication } from '../contract/contract.ts';
import type { DenialOf } from '../denial/denial.ts';
import { contractOf } from '../policy/client-credentials.ts';
import { clientHeaderNames, clientHeaders } from '../policy/client-headers.ts';
import { credentialPlace, credentialPlaces } from '../policy/credential-places.ts';
import { definePolicy } from '../policy/policy.ts';
import type { Outcome, Request } from '../policy/policy.ts';
import type { PolicyEnvironment } from './environment.ts';

declare module '../denial/denial.ts' {
  interface Reasons {
    /** Distinguished only internally, like the causes of `client_rejected`. */
    api_key_rejected: { readonly cause: ClientRejection | 'key_expired' };
  }
}

type Cause = DenialOf<'api_key_rejected'>['cause'];

/** There is no registered scheme for API keys, but a 401 must name one (RFC 9110, 15.5.2). */
const CHALLENGE = 'ApiKey';

const options = z
  .strictObject({
    places: z
      .array(credentialPlace)
      .min(1)
      .max(8)
      .default([{ header: 'x-api-key' }])
      .describe('Where a request may have its key; of two different keys in one request neither counts'),
    forwardCredentials: z
      .boolean()
      .default(false)
      .describe('true shows the key to the upstream; needed where it is in the query or a cookie'),
    upstreamHeaders: clientHeaderNames.prefault({}).describe('Headers that tell the upstream who calls'),
  })
  .superRefine(({ places, forwardCredentials }, context) => {
    if (forwardCredentials) return;
    places.forEach(({ header }, index) => {
      if (header !== undefined) return;
      const message =
        'the upstream would see the key, since only a header can be removed: use a header, or allow it with forwardCredentials: true';
      context.addIssue({ code: 'custom', path: ['places', index], message });
    });
  });

/** Only client applications that present one of their API keys may pass (`docs/policies/api-key.md`). */
export default definePolicy({
  name: 'api-key',
  phase: 'access',
  summary: 'Admits client applications that present one of their API keys and have an approved contract',
  options,
  reasons: {
    api_key_rejected: {
      httpStatus: 401,
      sentence: 'A valid API key is required.',
      headers: () => [['www-authenticate', CHALLENGE]],
      meaning: 'the API key is missing, malformed, unknown, wrong or expired, or its client has no approved contract',
    },
  },
  create(
    { places, forwardCredentials, upstreamHeaders },
    environment: Pick<PolicyEnvironment, 'clock' | 'broughtKeys'>,
  ) {
    const told = clientHeaders(upstreamHeaders);
    const presented = credentialPlaces(places, 'places');
    return {
      phase: 'access',
      identityHeaders: told.names,
      clientHeaders: told.names,
      provides: ['client'],
      authenticates: {
        credential: `API key ${presented.credential}`,
        isPresent: (request) => presented.find(request).found !== 'nothing',
        challenge: CHALLENGE,
        headers: presented.headers,
      },
      headerReads: presented.headerReads,
      decide(request): Outcome {
        const sent = presented.find(request);
        if (sent.found === 'nothing') return rejected('credentials_missing', 'the request has no API key');
        if (sent.found === 'several')
          return rejected('credentials_malformed', 'the request has two API keys, or a comma in one');
        const client = clientOf(request, sent.value, environment);
        if ('reason' in client) return client;
        const found = contractOf(request, client, CHALLENGE);
        if (found.reason === 'client_rejected') return rejected(found.cause, found.detail);
        if (found.reason !== undefined) return found;
        return {
          identity: { client, contract: found.contract },
          upstream: told.of(client, found.contract),
          remove: forwardCredentials ? [] : sent.headers,
        };
      },
    };
  },
});

function clientOf(
  { directory }: Request,
  key: string,
  { clock, broughtKeys }: Pick<PolicyEnvironment, 'clock' | 'broughtKeys'>,
): ClientApplication | DenialOf<'api_key_rejected'> {
  if (key.length > MAX_KEY_LENGTH)
    return rejected('credentials_malformed', `the API key has more than ${MAX_KEY_LENGTH} characters`);
  const finding = findKey(directory, key, broughtKeys, clock.now());
  if (finding.found === 'unknown') return rejected('client_unknown', 'no client application has this API key');
  const { held } = finding;
  const which = 'id' in held.key ? `the API key ${held.key.id}` : 'an API key that was brought along';
  const whose = `${which} of client application ${held.client.name}`;
  if (finding.found === 'wrong') return rejected('secret_wrong', `the secret is not that of ${whose}`);
  if (finding.found === 'expired') return rejected('key_expired', `${whose} has expired`);
  return held.client;
}

function rejected(cause: Cause, detail: string): DenialOf<'api_key_rejected'> {
  return { reason: 'api_key_rejected', cause, detail };
}
