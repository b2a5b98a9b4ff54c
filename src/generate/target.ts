/** A resource that selects requests, in Istio, Envoy Gateway or Flex/Omni Gateway. */
export interface Target {
  readonly kind: TargetKind;
  readonly name: string;
}

export type TargetKind = keyof typeof GROUPS;

const GROUPS = {
  Gateway: 'gateway.networking.k8s.io',
  GatewayClass: 'gateway.networking.k8s.io',
  HTTPRoute: 'gateway.networking.k8s.io',
  GRPCRoute: 'gateway.networking.k8s.io',
  Service: '',
  ServiceEntry: 'networking.istio.io',
  ApiInstance: 'gateway.mulesoft.com',
} as const;

export const TARGET_KINDS = Object.keys(GROUPS) as readonly TargetKind[];

/** An entry of `targetRefs`, as the Gateway API defines them. */
export function targetRef({ kind, name }: Target): { group: string; kind: string; name: string } {
  return { group: GROUPS[kind], kind, name };
}

/** Which requests are meant: those of pods with these labels (none: all of the namespace), or those of a target. */
export type Whose =
  | { readonly by: 'labels'; readonly labels: Readonly<Record<string, string>> }
  | { readonly by: 'target'; readonly target: Target };

/** The part of an Istio policy's `spec` that selects requests. */
export function policySelection(whose: Whose): object {
  if (whose.by === 'target') return { targetRefs: [targetRef(whose.target)] };
  return Object.keys(whose.labels).length === 0 ? {} : { selector: { matchLabels: whose.labels } };
}
