import { createHash, randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text as textOf } from 'node:stream/consumers';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';

/** An OpenID Connect provider at which everybody is logged in already, and which a test can make say anything. */
export interface SmallProvider {
  readonly issuer: string;
  /** In every ID token, over what belongs there. */
  claims: Record<string, unknown>;
  /** What the authorization endpoint sends back, over what belongs there; a value of undefined is left out. */
  returned: Record<string, string | undefined>;
  /** Refresh tokens are refused, as after a logout. */
  hasEnded: boolean;
  isAway: boolean;
  refreshes: number;
  /** Codes and tokens that it has given out. */
  readonly issued: string[];
  /** Another key signs from now on, and the one before is gone. */
  rotate(): Promise<void>;
  logoutToken(claims: Readonly<Record<string, unknown>>): Promise<string>;
  close(): Promise<void>;
}

interface Granted {
  readonly nonce: string;
  readonly challenge: string;
  readonly redirectUri: string;
}

export const CLIENT = { id: 'ostiary', secret: 'a-secret-of-tests' } as const;
export const LOGOUT_EVENT = 'http://schemas.openid.net/event/backchannel-logout';

/**
 * @param now milliseconds since the Unix epoch
 * @param clientSecret of the one client
 */
export async function startSmallProvider(
  now: () => number = Date.now,
  clientSecret: string = CLIENT.secret,
): Promise<SmallProvider> {
  let keys = await newKeys();
  const codes = new Map<string, Granted>();
  const signed = (claims: Readonly<Record<string, unknown>>) => {
    const iat = Math.floor(now() / 1000);
    return new SignJWT({ iss: issuer, aud: CLIENT.id, sub: 'subject-1', iat, exp: iat + 60, ...claims })
      .setProtectedHeader({ alg: 'RS256', kid: keys.kid })
      .sign(keys.privateKey);
  };
  const tokens = async (nonce?: string) => {
    const issued = {
      access_token: randomBytes(16).toString('hex'),
      refresh_token: randomBytes(16).toString('hex'),
      id_token: await signed({ sid: 'provider-session', ...(nonce !== undefined && { nonce }), ...provider.claims }),
    };
    provider.issued.push(...Object.values(issued));
    return { token_type: 'Bearer', ...issued };
  };
  const tokenEndpoint = async (authorization: string | undefined, form: URLSearchParams): Promise<[number, object]> => {
    // Both parts are encoded as in a form (RFC 6749, 2.3.1).
    const [id, secret] = Buffer.from((authorization ?? '').replace(/^Basic /, ''), 'base64')
      .toString()
      .split(':');
    const isClient = decodeURIComponent(id ?? '') === CLIENT.id && decodeURIComponent(secret ?? '') === clientSecret;
    if (!isClient) return [401, { error: 'invalid_client' }];
    if (form.get('grant_type') === 'refresh_token') {
      provider.refreshes += 1;
      return provider.hasEnded ? [400, { error: 'invalid_grant' }] : [200, await tokens()];
    }
    const code = form.get('code') ?? '';
    const granted = codes.get(code);
    codes.delete(code);
    const challenge = createHash('sha256')
      .update(form.get('code_verifier') ?? '')
      .digest('base64url');
    const isRight = granted?.challenge === challenge && granted.redirectUri === form.get('redirect_uri');
    return isRight ? [200, await tokens(granted.nonce)] : [400, { error: 'invalid_grant' }];
  };
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', issuer);
    const json = (status: number, body: object): void => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    };
    if (provider.isAway) return void response.destroy();
    if (url.pathname === '/.well-known/openid-configuration') {
      return json(200, {
        issuer,
        jwks_uri: `${issuer}/keys`,
        authorization_endpoint: `${issuer}/authorize`,
        token_endpoint: `${issuer}/token`,
      });
    }
    if (url.pathname === '/keys') return json(200, { keys: [keys.jwk] });
    if (url.pathname === '/authorize') {
      const code = randomBytes(16).toString('hex');
      provider.issued.push(code);
      const asked = url.searchParams;
      const redirectUri = asked.get('redirect_uri') ?? '';
      codes.set(code, { nonce: asked.get('nonce') ?? '', challenge: asked.get('code_challenge') ?? '', redirectUri });
      const back = new URL(redirectUri);
      const sent = { code, state: asked.get('state') ?? undefined, ...provider.returned };
      for (const [name, value] of Object.entries(sent)) if (value !== undefined) back.searchParams.set(name, value);
      return void response.writeHead(302, { location: back.href }).end();
    }
    return void textOf(request)
      .then((body) => tokenEndpoint(request.headers.authorization, new URLSearchParams(body)))
      .then(([status, body]) => json(status, body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const provider: SmallProvider = {
    issuer,
    claims: { email: 'alice@example.com', email_verified: true, groups: ['developers'] },
    returned: {},
    hasEnded: false,
    isAway: false,
    refreshes: 0,
    issued: [],
    async rotate() {
      keys = await newKeys();
    },
    logoutToken: (claims) => signed({ jti: randomBytes(8).toString('hex'), events: { [LOGOUT_EVENT]: {} }, ...claims }),
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return provider;
}

async function newKeys() {
  const { publicKey, privateKey } = await generateKeyPair('RS256');
  const kid = randomBytes(8).toString('hex');
  return { kid, privateKey, jwk: { ...(await exportJWK(publicKey)), kid, alg: 'RS256', use: 'sig' } };
}
