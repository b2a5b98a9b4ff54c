import type { Identity } from '../access/caller.ts';
import { Code, RpcError } from '../grpc/rpc.ts';
import type { Call } from '../grpc/rpc.ts';
import type { AccessTokens } from './access-tokens.ts';
import { cookieOf } from './cookies.ts';
import type { CookieRules } from './cookies.ts';
import { FIRST } from './first-token.ts';
import type { OwnOrigin } from './own-origin.ts';
import { isSecretOf } from './secret.ts';
import type { PresentedSession, Sessions } from './sessions.ts';

/** What a call shows of its caller. */
export type CallerProof = Pick<Call, 'address' | 'authorization' | 'callerField'>;

/** Who calls. @throws RpcError (rejects with it): nobody who is known */
export type Identify = (call: CallerProof) => Promise<Identity>;

/** Asks the provider whether what it has said of a session is still so, where it is time to. */
export interface Confirming {
  /** @returns the session as it is now; undefined: the provider has ended it */
  confirm(secret: string, session: PresentedSession): Promise<PresentedSession | undefined>;
}

export interface IdentifyPorts {
  /** Whether this is the token of the first start. @throws RpcError (rejects with it) where that can't be told */
  readonly isBootstrapToken: (given: string) => Promise<boolean>;
  readonly tokens: Pick<AccessTokens, 'present'>;
  readonly sessions: Pick<Sessions, 'present'>;
  readonly confirming: Confirming | undefined;
  readonly origin: Pick<OwnOrigin, 'isOwn'>;
  readonly cookies: CookieRules;
}

/** Their caller has a session, or a token; whoever has the token of the first start has neither. */
export type CredentialKind = 'session' | 'token' | 'bootstrap';

/** What a credential is, by its name in an {@link Identity}, and its id. */
export function credentialOf(credential: string): { readonly kind: CredentialKind; readonly id: string } {
  const [kind = '', id = ''] = credential.split(':');
  return kind === 'session' || kind === 'token' ? { kind, id } : { kind: 'bootstrap', id: '' };
}

/** Every page that asks with a cookie sends it; a page of elsewhere can't, unless we let it. */
const CSRF_FIELD = 'x-ostiary-csrf';

/**
 * Says who calls: by `authorization: Bearer` the holder of an access token, of a session or of the token of the first start;
 * without that field, by a cookie, whoever is logged in.
 */
export function identifyBy(ports: IdentifyPorts): Identify {
  const { isBootstrapToken, tokens, sessions, confirming } = ports;

  const ofSession = async (secret: string, address: string): Promise<Identity | undefined> => {
    if (!isSecretOf('session', secret)) return undefined;
    const presented = await sessions.present(secret);
    const session = presented && confirming ? await confirming.confirm(secret, presented) : presented;
    if (session === undefined) return undefined;
    const { id, person, groups } = session;
    return { name: person, credential: `session:${id}`, address, isBootstrap: person === FIRST, groups };
  };

  const ofToken = async (secret: string, address: string): Promise<Identity | undefined> => {
    const token = await tokens.present(secret, address);
    if (token === undefined) return undefined;
    const { id, groups, limits, name, person, team } = token;
    const known = { credential: `token:${id}`, address, isBootstrap: false, groups };
    if (person !== '') return { ...known, name: person, limits };
    // Whatever other Teams say of this name: a token of a team is that team's alone.
    return { ...known, name: `token:${name}`, limits: { ...limits, teams: [team] } };
  };

  const ofBootstrap = async (given: string, address: string): Promise<Identity | undefined> => {
    if (!(await isBootstrapToken(given))) return undefined;
    return { name: FIRST, credential: 'bootstrap', address, isBootstrap: true, groups: [] };
  };

  const ofBearer = (given: string, address: string): Promise<Identity | undefined> => {
    if (isSecretOf('token', given)) return ofToken(given, address);
    return isSecretOf('session', given) ? ofSession(given, address) : ofBootstrap(given, address);
  };

  return async (call) => {
    const { address = '', authorization } = call;
    if (authorization !== undefined) {
      const given = bearerTokenOf(authorization);
      if (given === undefined) throw nobody('expected the header "authorization: Bearer TOKEN"');
      const identity = await ofBearer(given, address);
      if (identity === undefined) throw nobody('this token is not known here, or it has ended');
      return identity;
    }
    const secret = cookieOf(call.callerField?.('cookie'), 'session', ports.cookies);
    if (secret === undefined) {
      throw nobody('send the header "authorization: Bearer TOKEN" with an access token, or log in: ostiary login');
    }
    refuseForgery(call, ports.origin);
    const identity = await ofSession(secret, address);
    if (identity === undefined) throw nobody('this session has ended: log in again');
    return identity;
  };
}

/**
 * A browser sends a cookie with whatever page makes it call. So a request by cookie says by `Origin` which page asks, and has
 * a field that a page of elsewhere may send only after asking us, which we never allow (Fetch, 3.2). It is a field of our own:
 * `connect-protocol-version` is among those that servers of Connect are told to allow to pages of elsewhere.
 */
function refuseForgery(call: CallerProof, origin: Pick<OwnOrigin, 'isOwn'>): void {
  const asking = call.callerField?.('origin');
  if (asking === undefined || !origin.isOwn(asking, call.callerField?.('host'))) {
    throw new RpcError(Code.permissionDenied, 'a request by cookie must come from a page of the control plane itself');
  }
  if ((call.callerField?.(CSRF_FIELD) ?? '') === '') {
    throw new RpcError(Code.permissionDenied, `a request by cookie must have the header "${CSRF_FIELD}: 1"`);
  }
}

/** RFC 6750, 2.1. */
function bearerTokenOf(authorization: string): string | undefined {
  return /^bearer ([\x21-\x7e]+)$/i.exec(authorization)?.[1];
}

function nobody(message: string): RpcError {
  return new RpcError(Code.unauthenticated, message);
}
