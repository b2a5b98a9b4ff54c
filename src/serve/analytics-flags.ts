import { CLIENT_ADDRESS_DETAILS } from '../analytics/client-network.ts';
import { integer, oneOf, text } from '../flags.ts';

/** A series in Prometheus takes some 70 octets, and one in a slot some 400. */
const MOST_SERIES = 1_000_000;

/** Flags for what is counted and kept of requests that Envoy's access log reports. */
export const analyticsFlags = {
  clientAddress: oneOf(
    'truncated',
    CLIENT_ADDRESS_DETAILS,
    "how much of a client's address events of requests tell: its network of 24 bits (48 of IPv6), all of it, or nothing",
  ),
  analyticsSeries: integer(
    50_000,
    100,
    MOST_SERIES,
    'most series of ostiary_requests_total, and most keys by which requests are counted in ten seconds; what is beyond counts as _other',
  ),
  nodeId: text(undefined, 'NAME', 'name of this process in what it counts of requests; default: the name of its host'),
};
