import type { Clock } from '../../clock.ts';
import { Code, RpcError } from '../../grpc/rpc.ts';
import { unverifiedClaims } from '../../jwt/compact-token.ts';
import type { ClientCertificate } from '../../grpc/rpc.ts';
import type { VouchedPod, VouchedWorkload, Vouching } from '../../sync/vouching.ts';
import { IssuerKeys } from './issuer-keys.ts';
import type { IssuerKeysPorts } from './issuer-keys.ts';
import { kubernetesRuleOf } from './kubernetes-rule.ts';
import { vouchedPodOf } from './kubernetes-token.ts';
import { spiffeIdOf } from './spiffe-id.ts';
import { spiffeRuleOf } from './spiffe-rule.ts';

export interface VouchingRules {
  /** As `--trust-spiffe` has them; the first that fits decides. */
  readonly spiffe: readonly string[];
  /** As `--trust-kubernetes` has them. */
  readonly kubernetes: readonly string[];
}

/** @returns undefined: nobody is trusted to say who a sidecar is */
export function vouchingBy({ spiffe, kubernetes }: VouchingRules, ports: IssuerKeysPorts): Vouching | undefined {
  if (spiffe.length + kubernetes.length === 0) return undefined;
  const workloads = spiffe.map(spiffeRuleOf);
  const clusters = kubernetes.map((text) => {
    const rule = kubernetesRuleOf(text);
    return { rule, keys: new IssuerKeys(rule, ports) };
  });
  return {
    async ofToken(token) {
      const claims = unverifiedClaims(token);
      const issuer = typeof claims === 'string' ? undefined : claims['iss'];
      let refusal = new RpcError(Code.unauthenticated, 'the token of Kubernetes is of no issuer of --trust-kubernetes');
      for (const { rule, keys } of clusters) {
        if (rule.issuer !== issuer) continue;
        const vouched = await vouchedOrRefusal(vouchedPodOf(token, rule, keys, ports.clock));
        if (!(vouched instanceof RpcError)) return vouched;
        // Several rules may be for one issuer: one for each audience, say.
        refusal = vouched;
      }
      throw refusal;
    },
    ofCertificate: (certificate) => vouchedWorkloadOf(certificate, workloads, ports.clock),
  };
}

async function vouchedOrRefusal(vouching: Promise<VouchedPod>): Promise<VouchedPod | RpcError> {
  try {
    return await vouching;
  } catch (error) {
    if (error instanceof RpcError) return error;
    throw error;
  }
}

/** X.509-SVID, 5.2: one URI, and no authority. That its chain is whole, TLS has seen. */
function vouchedWorkloadOf(
  { isAuthority, notAfterMs, notBeforeMs, uris }: ClientCertificate,
  rules: readonly ReturnType<typeof spiffeRuleOf>[],
  clock: Clock,
): VouchedWorkload {
  const now = clock.now();
  if (now >= notAfterMs) throw refused('it has ended');
  if (now < notBeforeMs) throw refused('it does not count yet');
  if (isAuthority) throw refused('it is one of an authority');
  const [uri, further] = uris;
  if (uri === undefined || further !== undefined) throw refused('its only URI must be a SPIFFE id');
  const id = spiffeIdOf(uri);
  if (id === undefined) throw refused('its URI is no SPIFFE id');
  for (const rule of rules) {
    const scope = rule.scopeOf(id);
    if (scope === undefined) continue;
    return { subject: uri, nodePrefix: uri.slice('spiffe://'.length), scope, expiresAt: notAfterMs };
  }
  throw refused(`no rule of --trust-spiffe is for ${uri}`);
}

function refused(why: string): RpcError {
  return new RpcError(Code.unauthenticated, `the client certificate is not taken: ${why}`);
}
