import { UserError } from '../errors.ts';
import { list, oneOf, text } from '../flags.ts';
import type { FlagValues } from '../flags.ts';
import type { ForwardAuthOptions } from '../forward-auth/listener.ts';
import { PROFILES } from '../forward-auth/profiles.ts';
import type { ProfileName } from '../forward-auth/profiles.ts';
import { parseListenAddress } from '../listen/address.ts';
import { isNetwork, networksOf } from '../request/client-address.ts';

const NO_PROFILE = 'none';

/** The listener of proxies that ask over HTTP. */
export const httpFlags = {
  httpListen: text(undefined, 'ADDRESS', 'HTTP for proxies that ask without gRPC, such as nginx; needs --http-profile'),
  httpProfile: oneOf(
    NO_PROFILE,
    [NO_PROFILE, ...(Object.keys(PROFILES) as ProfileName[])],
    'how the proxy behind --http-listen tells the request that it asks about',
  ),
  httpTrustedPeers: list(
    ['127.0.0.0/8', '::1'],
    'CIDR',
    'networks of the proxies that may ask on --http-listen; repeatable',
    (given) => (isNetwork(given) ? undefined : 'expected a network such as 10.0.0.0/8, or an address'),
  ),
};

/** @throws UserError (exit 2) */
export function forwardAuthOf({
  httpListen,
  httpProfile,
  httpTrustedPeers,
}: FlagValues<typeof httpFlags>): Pick<ForwardAuthOptions, 'address' | 'profile' | 'trusted'> | undefined {
  if (httpListen === undefined) {
    if (httpProfile !== NO_PROFILE) throw new UserError('--http-profile needs --http-listen', 2);
    return undefined;
  }
  if (httpProfile === NO_PROFILE) {
    throw new UserError(`--http-listen needs --http-profile: one of ${Object.keys(PROFILES).join(', ')}`, 2);
  }
  const trusted = networksOf(httpTrustedPeers);
  if (trusted === undefined) throw new UserError('--http-trusted-peers names no network', 2);
  return { address: parseListenAddress(httpListen, '--http-listen'), profile: httpProfile, trusted };
}
