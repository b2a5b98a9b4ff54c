export type Severity = 'error' | 'warning' | 'note';

interface CodeEntry {
  /** How bad it is where nothing else is said. */
  readonly severity: Severity;
  /** What is found, as a headline: that of its page, `docs/doctor/CODE.md`. */
  readonly title: string;
}

/**
 * What the doctor finds. A code is never used for something else: scripts name them. The hundreds: ports and targets,
 * attachment to Envoy, sidecars and webhooks, Redis, clocks and certificates, documents, traffic.
 */
export const CODES = {
  OST101: { severity: 'error', title: 'A port names no protocol, and what is no HTTP passes' },
  OST102: { severity: 'error', title: "A port's name starts with no protocol that Istio knows" },
  OST103: { severity: 'error', title: 'A port is declared as something else than HTTP' },
  OST104: { severity: 'error', title: 'A target does not exist' },
  OST105: { severity: 'error', title: 'A selector matches no workload' },
  OST106: { severity: 'warning', title: 'A Service leads to no pod' },
  OST107: { severity: 'warning', title: 'A Service leads to a port that its pods do not have' },
  OST108: { severity: 'error', title: 'A named route is at a port that no Service has' },

  OST201: { severity: 'error', title: 'An EnvoyFilter has lost its anchor' },
  OST202: { severity: 'error', title: 'A listener does not ask' },
  OST203: { severity: 'error', title: 'A waypoint ignores the selector' },
  OST204: { severity: 'error', title: 'Requests pass while ostiary does not answer' },
  OST205: { severity: 'warning', title: 'A route does not ask' },
  OST206: { severity: 'warning', title: 'Envoy waits for less time than ostiary may take' },
  OST207: { severity: 'warning', title: 'Envoy waits for longer than the request may take' },
  OST208: { severity: 'error', title: 'A provider is not in the mesh configuration' },
  OST209: { severity: 'error', title: 'Envoy asks where nobody is' },
  OST210: { severity: 'warning', title: 'A request is asked about twice' },
  OST211: { severity: 'warning', title: 'Envoy asks over HTTP' },
  OST212: { severity: 'warning', title: 'The access log that comes to ostiary has gaps' },

  OST301: { severity: 'error', title: 'A pod has no Envoy' },
  OST302: { severity: 'error', title: 'A pod has no ostiary, though its Envoy asks one by a socket' },
  OST303: { severity: 'error', title: 'Ports of a pod bypass Envoy' },
  OST304: { severity: 'error', title: "A webhook's authority is missing, expired or not the one of its server" },
  OST305: { severity: 'warning', title: 'Pods start without ostiary while the webhook fails' },
  OST306: { severity: 'error', title: 'A failing webhook would lock the cluster out' },
  OST307: { severity: 'error', title: 'A webhook calls a Service that does not exist' },
  OST308: { severity: 'warning', title: 'Replicas count for themselves' },
  OST309: { severity: 'error', title: 'ostiary is not ready' },

  OST401: { severity: 'error', title: 'Redis evicts counters' },
  OST402: { severity: 'warning', title: 'Redis forgets its counters when it restarts' },
  OST403: { severity: 'warning', title: "Redis's memory is nearly full" },
  OST404: { severity: 'error', title: 'Redis can not be written' },
  OST405: { severity: 'error', title: 'A password of Redis can be read in a manifest' },

  OST501: { severity: 'warning', title: 'Two clocks differ' },
  OST502: { severity: 'error', title: 'A certificate has expired' },
  OST503: { severity: 'warning', title: 'A certificate expires soon' },
  OST504: { severity: 'error', title: 'A certificate has another name' },
  OST505: { severity: 'error', title: 'A certificate is not signed by its authority' },
  OST506: { severity: 'error', title: 'A certificate and its key do not fit' },

  OST601: { severity: 'error', title: 'A document has a fault' },
  OST602: { severity: 'error', title: 'Envoy names an API that does not exist' },
  OST603: { severity: 'warning', title: 'An API has no policy' },
  OST604: { severity: 'warning', title: 'An API has requests that nobody authenticates' },
  OST605: { severity: 'warning', title: 'An API only tries its policies' },

  OST701: { severity: 'warning', title: 'Requests that no API matches pass' },
  OST702: { severity: 'warning', title: 'There are requests that no API matches' },
  OST703: { severity: 'error', title: 'Requests have passed without a decision' },
  OST704: { severity: 'warning', title: 'A sidecar is stale' },
  OST705: { severity: 'error', title: 'A binding is not in force' },
  OST706: { severity: 'error', title: 'A probe was not refused by ostiary' },
} as const satisfies Readonly<Record<string, CodeEntry>>;

export type Code = keyof typeof CODES;

export const ALL_CODES = Object.keys(CODES) as readonly Code[];

/** What the hundreds are about. */
export const GROUPS: Readonly<Record<string, string>> = {
  1: 'Ports and targets',
  2: 'How Envoy asks',
  3: 'Sidecars and webhooks',
  4: 'Redis',
  5: 'Clocks and certificates',
  6: 'Documents',
  7: 'Traffic and enforcement',
};
