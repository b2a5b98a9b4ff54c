import type { Clock } from '../../clock.ts';
import { Code, RpcError } from '../../grpc/rpc.ts';
import { claimOf, faultOfClaims, faultOfTime, lifetimeOf } from '../../jwt/claims.ts';
import type { ClaimRules, Claims } from '../../jwt/claims.ts';
import { headerOf, NO_OBJECT, objectFrom } from '../../jwt/compact-token.ts';
import type { TokenHeader } from '../../jwt/compact-token.ts';
import { isObject } from '../../jwt/jwk.ts';
import type { VouchedPod } from '../../sync/vouching.ts';
import type { IssuerKeys } from './issuer-keys.ts';
import type { KubernetesRule } from './kubernetes-rule.ts';

/** Those of keys that a cluster publishes: a shared secret is none, and neither is `none`. */
const ALGORITHMS: ReadonlySet<string> = new Set([
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
]);
/** Between an API server and this machine. */
const TOLERANCE_MS = 10_000;
const MOST_TRIES = 4;
const NAMESPACE = /^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/;
const POD = /^[a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?$/;

/**
 * Verifies a token that the kubelet has projected into a pod, and says what it stands for: the pod is the node, and its
 * scope is the pod's namespace.
 * @throws RpcError (rejects with it)
 */
export async function vouchedPodOf(
  token: string,
  rule: KubernetesRule,
  keys: IssuerKeys,
  clock: Clock,
): Promise<VouchedPod> {
  const header = headerOf(token, { algorithms: ALGORITHMS, anyType: true });
  if (typeof header === 'string') throw refused(header);
  const claims = await verifiedClaims(token, header, keys);
  const rules: ClaimRules = {
    issuers: [rule.issuer],
    audience: { anyOf: [rule.audience], mandatory: true },
    expiryMandatory: true,
    notBeforeMandatory: false,
    toleranceMs: TOLERANCE_MS,
    custom: [],
  };
  const fault = faultOfClaims(claims, rules);
  if (fault !== undefined) throw refused(fault);
  const lifetime = lifetimeOf(claims, rules);
  if (typeof lifetime === 'string') throw refused(lifetime);
  const late = faultOfTime(lifetime, clock.now());
  if (late !== undefined) throw refused(late);
  const issuedAt = claimOf(claims, 'iat');
  if (typeof issuedAt !== 'number' || !Number.isFinite(issuedAt)) throw refused('the token has no iat');
  const { account, namespace, pod, uid } = bindingOf(claims);
  if (rule.serviceAccount !== undefined && account !== rule.serviceAccount)
    throw refused('the token is of another service account than --trust-kubernetes names');
  const here = rule.cluster === '' ? namespace : `${rule.cluster}.${namespace}`;
  return {
    subject: `kubernetes:${rule.issuer} ${namespace}/${pod}`,
    instance: uid,
    node: `${here}/${pod}`,
    scope: { namespaces: [here], apis: [], labels: {} },
    issuedAt: issuedAt * 1000,
    expiresAt: lifetime.expiresAtMs,
  };
}

async function verifiedClaims(token: string, { alg, kid }: TokenHeader, keys: IssuerKeys): Promise<Claims> {
  const candidates = await keys.keysFor(kid);
  if (candidates === undefined)
    throw new RpcError(Code.unavailable, "the keys of the token's issuer can't be read at the moment");
  // Loaded with the first token.
  const { compactVerify } = await import('jose');
  for (const key of candidates.filter(({ algorithms }) => algorithms.has(alg)).slice(0, MOST_TRIES)) {
    const verified = await compactVerify(token, key.for(alg), { algorithms: [alg] }).catch(() => undefined);
    if (verified === undefined) continue;
    const claims = objectFrom(verified.payload);
    if (claims === undefined) throw refused(NO_OBJECT);
    return claims;
  }
  throw refused('no key of its issuer has signed the token');
}

interface Binding {
  readonly namespace: string;
  readonly account: string;
  readonly pod: string;
  readonly uid: string;
}

/** What the token is bound to (Kubernetes, "Service account tokens": the claim `kubernetes.io`). */
function bindingOf(claims: Claims): Binding {
  const bound = claimOf(claims, 'kubernetes.io');
  const { namespace, pod, serviceaccount } = isObject(bound) ? bound : {};
  const [{ name, uid }, account] = [isObject(pod) ? pod : {}, isObject(serviceaccount) ? serviceaccount['name'] : ''];
  if (typeof name !== 'string' || typeof uid !== 'string' || uid === '')
    throw refused('the token is bound to no pod: use one that is projected into it (serviceAccountToken)');
  const isWhole = typeof namespace === 'string' && typeof account === 'string' && account !== '';
  if (!isWhole || !NAMESPACE.test(namespace) || !POD.test(name)) throw refused('the token names no namespace and pod');
  if (claimOf(claims, 'sub') !== `system:serviceaccount:${namespace}:${account}`)
    throw refused('the sub of the token is not its service account');
  return { namespace, account, pod: name, uid };
}

function refused(why: string): RpcError {
  return new RpcError(Code.unauthenticated, `the token of Kubernetes is not taken: ${why}`);
}
