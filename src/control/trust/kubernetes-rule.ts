import { faultOfOptions, optionOf, ruleParts } from './rule-parts.ts';

/** A cluster whose tokens of pods are taken, as `https://issuer.example.com,audience=ostiary,cluster=eu-1`. */
export interface KubernetesRule {
  /** Compared character by character. */
  readonly issuer: string;
  readonly audience: string;
  /** A pod's namespace is `<cluster>.<namespace>` here; empty: the namespace itself. */
  readonly cluster: string;
  /** Undefined: of any service account. */
  readonly serviceAccount: string | undefined;
  /** A file with the issuer's keys; undefined: they are asked for, where the issuer says. */
  readonly jwks: string | undefined;
  /** PEM authorities of the issuer; undefined: those that Node.js knows. */
  readonly ca: string | undefined;
  /** A file with the token by which the issuer is asked. */
  readonly token: string | undefined;
}

const OPTIONS = {
  audience: 'value',
  cluster: 'value',
  'service-account': 'value',
  jwks: 'value',
  ca: 'value',
  token: 'value',
} as const;

export const DEFAULT_AUDIENCE = 'ostiary';

/** @returns what was expected; undefined: it is a rule */
export function faultOfKubernetesRule(text: string): string | undefined {
  const parts = ruleParts(text);
  const url = URL.parse(parts.subject);
  if (url?.protocol !== 'https:' || url.username + url.password + url.search + url.hash !== '')
    return 'expected an issuer, such as https://kubernetes.default.svc.cluster.local,audience=ostiary,cluster=eu-1';
  const fault = faultOfOptions(parts, OPTIONS);
  if (fault !== undefined) return fault;
  const cluster = optionOf(parts, 'cluster');
  if (cluster !== undefined && !/^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/.test(cluster))
    return 'expected a cluster of small letters, digits and "-"';
  const [jwks, ca, token] = ['jwks', 'ca', 'token'].map((name) => optionOf(parts, name));
  if (jwks !== undefined && (ca ?? token) !== undefined)
    return 'expected jwks, or ca and token with which the issuer is asked, and not both';
  if (token !== undefined && ca === undefined) return 'expected ca=FILE too: the token is sent to nobody else';
  return undefined;
}

/** @param text without a fault */
export function kubernetesRuleOf(text: string): KubernetesRule {
  const parts = ruleParts(text);
  return {
    issuer: parts.subject,
    audience: optionOf(parts, 'audience') ?? DEFAULT_AUDIENCE,
    cluster: optionOf(parts, 'cluster') ?? '',
    serviceAccount: optionOf(parts, 'service-account'),
    jwks: optionOf(parts, 'jwks'),
    ca: optionOf(parts, 'ca'),
    token: optionOf(parts, 'token'),
  };
}
