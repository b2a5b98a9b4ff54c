import { CLIENT_ADDRESS_DETAILS } from '../analytics/client-network.ts';
import { oneOf } from '../flags.ts';

/** What is kept of requests that have ended, as Envoy's access log tells them. */
export const analyticsFlags = {
  clientAddress: oneOf(
    'truncated',
    CLIENT_ADDRESS_DETAILS,
    "how much of a client's address events of requests tell: its network of 24 bits (48 of IPv6), all of it, or nothing",
  ),
};
