import type { LocateOptions } from '../decision/locate.ts';
import { integer, list, oneOf } from '../flags.ts';
import type { FlagValues } from '../flags.ts';
import { networkInterfaces } from 'node:os';
import { isNetwork, networksOf } from '../request/client-address.ts';
import type { HostMatching } from '../request/host.ts';

/** How hosts are compared: of every command that reads documents. */
export const hostFlags = {
  hostPort: oneOf(
    'exact',
    ['exact', 'ignore'],
    "whether the port of a host counts; ignore it if Envoy's routes do, as Istio's do",
  ),
  hostFinalDot: oneOf('exact', ['exact', 'ignore'], 'whether a dot at the end of a host counts'),
};

/** Which API a request is for, and where it comes from. */
export const locateFlags = {
  ...hostFlags,
  unmatched: oneOf('deny', ['deny', 'allow'], 'answer to a request that no API matches'),
  trustedHops: integer(0, 0, 100, 'how many proxies before Envoy are trusted to append to x-forwarded-for'),
  xffAppended: oneOf(
    'auto',
    ['auto', 'yes', 'no'],
    'whether Envoy appends its peer to x-forwarded-for (use_remote_address); auto: yes if the last entry is the peer',
  ),
  trustedProxies: list(
    [],
    'CIDR',
    'networks of those proxies; repeatable; by default every peer counts as a proxy',
    (given) => (isNetwork(given) ? undefined : 'expected a network such as 10.0.0.0/8, or an address'),
  ),
};

export function hostMatchingOf({ hostPort, hostFinalDot }: FlagValues<typeof hostFlags>): HostMatching {
  return { port: hostPort, finalDot: hostFinalDot };
}

export function locateOptionsOf(flags: FlagValues<typeof locateFlags>): LocateOptions {
  const { unmatched, trustedHops, xffAppended, trustedProxies } = flags;
  const addresses = Object.values(networkInterfaces()).flatMap((each = []) => each.map(({ address }) => address));
  return {
    hosts: hostMatchingOf(flags),
    unmatched,
    trustedHops,
    xffAppended,
    trustedProxies: networksOf(trustedProxies),
    localAddresses: new Set(addresses),
  };
}
