import * as oauth from 'oauth4webapi';
import { systemClock } from '../../clock.ts';
import type { Clock } from '../../clock.ts';
import type { Egress } from '../../egress/egress.ts';
import type { ProvenPerson } from '../people.ts';
import { isComplete, personOf } from './claims.ts';
import type { ClaimNames, Claims } from './claims.ts';
import { egressFetch } from './egress-fetch.ts';
import { ProviderFault } from './fault.ts';
import { answered, away, codeOf, faultOf, told } from './told.ts';
import { LogoutTokens } from './logout-token.ts';
import type { LoggedOut } from './logout-token.ts';

export interface ProviderOptions {
  /** `--oidc-issuer`, character by character as in its metadata. */
  readonly issuer: string;
  readonly clientId: string;
  /** Read at each use, so that a new one is valid at once; undefined: a public client. */
  readonly clientSecret: (() => Promise<string>) | undefined;
  readonly scopes: string;
  readonly claims: ClaimNames;
}

export interface ProviderPorts {
  readonly egress: Egress;
  readonly clock: Clock;
}

/** What a login at the provider is bound to: drawn for one browser, and known to it alone. */
export interface LoginBinding {
  readonly redirectUri: string;
  readonly state: string;
  readonly nonce: string;
  /** Of PKCE (RFC 7636). */
  readonly verifier: string;
}

/** What the provider has said of somebody. */
export interface Proof {
  readonly person: ProvenPerson;
  /** Its own session; empty: it has named none. */
  readonly session: string;
  readonly refreshToken: string | undefined;
}

/** Clocks of others are not ours. */
const TOLERANCE_SECONDS = 60;
const METADATA_MS = 60 * 60_000;

/** An OpenID Connect provider (OpenID Connect Core 1.0), with the authorization code flow and PKCE. */
export class Provider {
  readonly issuer: string;
  readonly #options: ProviderOptions;
  readonly #ports: ProviderPorts;
  readonly #requests: {
    readonly [oauth.customFetch]: ReturnType<typeof egressFetch>;
    readonly [oauth.allowInsecureRequests]: boolean;
  };
  readonly #logoutTokens: LogoutTokens;
  #metadata: { readonly server: oauth.AuthorizationServer; readonly at: number } | undefined;

  constructor(options: ProviderOptions, ports: ProviderPorts) {
    this.issuer = options.issuer;
    this.#options = options;
    this.#ports = ports;
    // Plain HTTP is for loopback: the flag takes no other issuer.
    this.#requests = {
      [oauth.customFetch]: egressFetch(ports.egress),
      [oauth.allowInsecureRequests]: options.issuer.startsWith('http:'),
    };
    this.#logoutTokens = new LogoutTokens({ issuer: options.issuer, clientId: options.clientId }, ports);
  }

  /** Where the browser goes to log in. @throws ProviderFault (rejects with it) */
  async authorizationUrl({ nonce, redirectUri, state, verifier }: LoginBinding): Promise<URL> {
    const server = await this.#server();
    if (server.authorization_endpoint === undefined) throw away('it names no authorization endpoint');
    const url = new URL(server.authorization_endpoint);
    const parameters = {
      client_id: this.#options.clientId,
      redirect_uri: redirectUri,
      response_type: 'code',
      scope: this.#options.scopes,
      state,
      nonce,
      code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
    };
    for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
    return url;
  }

  /**
   * Takes what the browser brings back, and asks the provider what it stands for.
   * @throws ProviderFault (rejects with it)
   */
  exchange(returned: URLSearchParams, { nonce, redirectUri, state, verifier }: LoginBinding): Promise<Proof> {
    return told(async () => {
      const server = await this.#server();
      const client = this.#client();
      const parameters = answered(() => oauth.validateAuthResponse(server, client, returned, state));
      if (!parameters.has('code'))
        throw new ProviderFault('refused', 'the browser has brought no code: begin it again');
      const authentication = await this.#authentication(server);
      const response = await oauth.authorizationCodeGrantRequest(
        server,
        client,
        authentication,
        parameters,
        redirectUri,
        verifier,
        this.#requests,
      );
      const tokens = await oauth.processAuthorizationCodeResponse(server, client, response, {
        expectedNonce: nonce,
        requireIdToken: true,
      });
      await this.#verify(server, response);
      return this.#proofOf(server, tokens);
    });
  }

  /**
   * Asks whether what was said of somebody is still so.
   * @param subject whom the provider has meant
   * @throws ProviderFault (rejects with it)
   */
  refresh(refreshToken: string, subject: string): Promise<Proof> {
    return told(async () => {
      const server = await this.#server();
      const client = this.#client();
      const authentication = await this.#authentication(server);
      const response = await oauth.refreshTokenGrantRequest(
        server,
        client,
        authentication,
        refreshToken,
        this.#requests,
      );
      const tokens = await oauth.processRefreshTokenResponse(server, client, response);
      if (tokens.id_token !== undefined) await this.#verify(server, response);
      const proof = await this.#proofOf(server, tokens, subject);
      if (proof.person.subject !== subject) throw new ProviderFault('ended', 'the provider means somebody else now');
      return proof;
    });
  }

  /** What a message of the provider ends (OpenID Connect Back-Channel Logout 1.0). @throws ProviderFault (rejects with it) */
  loggedOut(logoutToken: string): Promise<LoggedOut> {
    return told(async () => this.#logoutTokens.verify(logoutToken, (await this.#server()).jwks_uri));
  }

  /** @param subject known already, where there is no ID token */
  async #proofOf(
    server: oauth.AuthorizationServer,
    tokens: oauth.TokenEndpointResponse,
    subject?: string,
  ): Promise<Proof> {
    const idToken = oauth.getValidatedIdTokenClaims(tokens);
    const expected = idToken?.sub ?? subject ?? '';
    let claims: Claims = idToken ?? { sub: expected };
    if (!isComplete(claims, this.#options.claims) && server.userinfo_endpoint !== undefined) {
      const client = this.#client();
      const response = await oauth.userInfoRequest(server, client, tokens.access_token, this.#requests);
      // It sees to it that this is of the same subject.
      claims = { ...(await oauth.processUserInfoResponse(server, client, expected, response)), ...claims };
    }
    const session = typeof claims['sid'] === 'string' ? claims['sid'] : '';
    return { person: personOf(claims, this.issuer, this.#options.claims), session, refreshToken: tokens.refresh_token };
  }

  /** Keys are kept for minutes; a key that is not among them may be new. */
  async #verify(server: oauth.AuthorizationServer, response: Response): Promise<void> {
    try {
      await oauth.validateApplicationLevelSignature(server, response, this.#requests);
    } catch (error) {
      if (codeOf(error) !== oauth.KEY_SELECTION) throw error;
      // The library keeps keys by this object.
      const again = { ...server };
      if (this.#metadata?.server === server) this.#metadata = { ...this.#metadata, server: again };
      await oauth.validateApplicationLevelSignature(again, response, this.#requests);
    }
  }

  async #server(): Promise<oauth.AuthorizationServer> {
    const now = this.#ports.clock.monotonic();
    const known = this.#metadata;
    if (known !== undefined && now - known.at < METADATA_MS) return known.server;
    try {
      const issuer = new URL(this.issuer);
      const response = await oauth.discoveryRequest(issuer, { ...this.#requests, algorithm: 'oidc' });
      const server = await oauth.processDiscoveryResponse(issuer, response);
      this.#metadata = { server, at: now };
      return server;
    } catch (error) {
      // What it said an hour ago is likely to be so still.
      if (known !== undefined) return known.server;
      throw faultOf(error);
    }
  }

  #client(): oauth.Client {
    const { clock } = this.#ports;
    return {
      client_id: this.#options.clientId,
      [oauth.clockTolerance]: TOLERANCE_SECONDS,
      [oauth.clockSkew]: Math.round((clock.now() - systemClock.now()) / 1000),
    };
  }

  async #authentication(server: oauth.AuthorizationServer): Promise<oauth.ClientAuth> {
    const { clientSecret } = this.#options;
    if (clientSecret === undefined) return oauth.None();
    const secret = await clientSecret();
    const methods = server.token_endpoint_auth_methods_supported ?? ['client_secret_basic'];
    return methods.includes('client_secret_basic') ? oauth.ClientSecretBasic(secret) : oauth.ClientSecretPost(secret);
  }
}
