import { createPrivateKey, randomUUID, X509Certificate } from 'node:crypto';
import type { Clock } from '../clock.ts';
import type { TlsMaterial } from '../egress/transport.ts';
import { metadataUrlOf } from '../jwt/discovery.ts';
import { publishedKeys } from '../jwt/key-source.ts';
import type { ClientAuthentication } from '../oauth/client-authentication.ts';
import type { IntrospectionOptions as InquiryOptions } from '../oauth/introspection.ts';
import { discoveredEndpoint } from '../oauth/server-metadata.ts';
import { signedAnswers } from '../oauth/signed-answer.ts';
import type { SignedAnswers } from '../oauth/signed-answer.ts';
import type { FileFormat, NamedFile, NamedFiles } from '../policy/named-file.ts';
import type { PolicySurroundings } from './environment.ts';
import { certificateFile, privateKeyFile, secretFile } from './secret-file.ts';
import { INSECURE_OPTION } from './oauth2-token-introspection-options.ts';
import { endpointOfOptions } from './oauth2-token-introspection-parameters.ts';
import type { IntrospectionOptions } from './oauth2-token-introspection-parameters.ts';

/** The files that the options name. */
export function introspectionFiles({ clientAuthentication, tls }: IntrospectionOptions): readonly NamedFile[] {
  const files: NamedFile[] = [];
  const add = (path: readonly string[], file: string | undefined, format: NamedFile['format']): void => {
    if (file !== undefined) files.push({ path, file, format });
  };
  if (clientAuthentication !== undefined && 'clientSecretFile' in clientAuthentication)
    add(['clientAuthentication', 'clientSecretFile'], clientAuthentication.clientSecretFile, secretFile);
  if (clientAuthentication?.method === 'private_key_jwt')
    add(['clientAuthentication', 'privateKeyFile'], clientAuthentication.privateKeyFile, privateKeyFile);
  for (const field of ['authoritiesFile', 'certificateFile'] as const)
    add(['tls', field], tls?.[field], certificateFile);
  add(['tls', 'keyFile'], tls?.keyFile, privateKeyFile);
  return files;
}

export interface Server extends InquiryOptions {
  readonly signed: SignedAnswers | undefined;
}

/** The authorization server that the options describe. The caller closes `signed`. */
export function serverOf(config: IntrospectionOptions, environment: PolicySurroundings): Server {
  const { clock, egress, files } = environment;
  const tls = tlsOf(config, files);
  const { issuer, allowInsecureIntrospection: allowInsecure } = config;
  const fixed = endpointOfOptions(config);
  const metadataUrl = metadataUrlOf(config.metadataUrl ?? issuer ?? '');
  const endpoint =
    fixed === undefined
      ? discoveredEndpoint({
          metadataUrl,
          issuer: issuer ?? '',
          allowInsecure,
          insecureOption: INSECURE_OPTION,
          egress,
          tls,
          clock,
        })
      : { url: () => Promise.resolve(fixed), doubt: () => {} };
  return {
    endpoint,
    authentication: authenticationOf(config, files),
    egress,
    tls,
    clock,
    randomId: randomUUID,
    timeoutMs: config.authenticationTimeout,
    // Last, because it holds a key set until the policy closes.
    signed: config.signedResponse ? signedOf(config, environment, clock) : undefined,
  };
}

function authenticationOf(config: IntrospectionOptions, files: NamedFiles): ClientAuthentication {
  const { authorizationValue, clientAuthentication, issuer } = config;
  if (clientAuthentication === undefined) return { method: 'header', value: authorizationValue ?? '' };
  switch (clientAuthentication.method) {
    case 'none':
    case 'tls_client_auth':
      return clientAuthentication;
    case 'private_key_jwt': {
      const { clientId, algorithm, keyId, audience } = clientAuthentication;
      const key = createPrivateKey(files.content(clientAuthentication.privateKeyFile, privateKeyFile));
      return { method: 'private_key_jwt', clientId, key, algorithm, keyId, audience: audience ?? issuer };
    }
    default: {
      const { method, clientId, clientSecret, clientSecretFile } = clientAuthentication;
      const kept = clientSecretFile === undefined ? clientSecret : files.content(clientSecretFile, secretFile);
      return { method, clientId, clientSecret: kept ?? '' };
    }
  }
}

function tlsOf({ tls }: IntrospectionOptions, files: NamedFiles): TlsMaterial | undefined {
  if (tls === undefined) return undefined;
  const content = (file: string | undefined, format: FileFormat<string>): string | undefined =>
    file === undefined ? undefined : files.content(file, format);
  const material = {
    authorities: content(tls.authoritiesFile, certificateFile),
    certificate: content(tls.certificateFile, certificateFile),
    key: content(tls.keyFile, privateKeyFile),
  };
  const { certificate, key } = material;
  if (certificate !== undefined && key !== undefined) {
    if (!new X509Certificate(certificate).checkPrivateKey(createPrivateKey(key)))
      throw new TypeError(
        'the key in tls.keyFile does not fit the certificate in tls.certificateFile: write both anew',
      );
  }
  return material;
}

const SIGNED_ALGORITHMS = ['RS256', 'PS256', 'ES256', 'EdDSA'] as const;

function signedOf(config: IntrospectionOptions, { keySets }: PolicySurroundings, clock: Clock): SignedAnswers {
  const { issuer = '', jwksUrl, clientAuthentication, allowInsecureIntrospection: allowInsecure } = config;
  const need = { timeToLiveMs: 60 * 60_000, timeoutMs: config.authenticationTimeout };
  const held =
    jwksUrl === undefined
      ? keySets.hold(metadataUrlOf(config.metadataUrl ?? issuer), need, { issuers: [issuer], allowInsecure })
      : keySets.hold(jwksUrl, need);
  const clientId =
    clientAuthentication !== undefined && 'clientId' in clientAuthentication ? clientAuthentication.clientId : '';
  return signedAnswers({
    keys: publishedKeys([held], keySets),
    algorithms: config.signedResponseAlgorithms ?? SIGNED_ALGORITHMS,
    lane: keySets.gate.open(),
    clock,
    issuer,
    audience: clientId,
  });
}
