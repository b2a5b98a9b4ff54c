import { UserError } from '../errors.ts';
import { list, oneOf, text } from '../flags.ts';
import type { FlagValues } from '../flags.ts';
import type { ForwardAuthOptions } from '../forward-auth/listener.ts';
import { PROFILES } from '../forward-auth/profiles.ts';
import type { ProfileName } from '../forward-auth/profiles.ts';
import { parseListenAddress } from '../listen/address.ts';
import { isNetwork, networksOf } from '../request/client-address.ts';

const NO_PROFILE = 'none';
/** RFC 9110, 5.6.2. */
const HEADER_NAME = /^[\w!#$%&'*+.^`|~-]+$/;

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
  httpStripped: list(
    [],
    'HEADER',
    'request header that the proxy behind --http-listen removes or sets itself, whatever it is told; repeatable',
    (given) => (HEADER_NAME.test(given) ? undefined : 'expected the name of a header'),
  ),
};

/**
 * @param socketMode permission bits of a Unix socket
 * @throws UserError (exit 2)
 */
export function forwardAuthOf(
  { httpListen, httpProfile, httpTrustedPeers, httpStripped }: FlagValues<typeof httpFlags>,
  socketMode: number,
): Pick<ForwardAuthOptions, 'address' | 'profile' | 'trusted' | 'stripped'> | undefined {
  if (httpListen === undefined) {
    if (httpProfile !== NO_PROFILE) throw new UserError('--http-profile needs --http-listen', 2);
    if (httpStripped.length > 0) throw new UserError('--http-stripped needs --http-listen', 2);
    if (httpTrustedPeers.join() !== httpFlags.httpTrustedPeers.fallback.join()) {
      throw new UserError('--http-trusted-peers needs --http-listen', 2);
    }
    return undefined;
  }
  if (httpProfile === NO_PROFILE) {
    throw new UserError(`--http-listen needs --http-profile: one of ${Object.keys(PROFILES).join(', ')}`, 2);
  }
  const trusted = networksOf(httpTrustedPeers);
  if (trusted === undefined) throw new UserError('--http-trusted-peers names no network', 2);
  const { changes } = PROFILES[httpProfile];
  if (changes !== undefined && httpStripped.length > 0) {
    throw new UserError(
      `--http-stripped has no effect: ostiary tells a proxy of --http-profile ${httpProfile} what to remove`,
      2,
    );
  }
  return {
    address: parseListenAddress(httpListen, '--http-listen', socketMode),
    profile: httpProfile,
    trusted,
    stripped: new Set(httpStripped.map((name) => name.toLowerCase())),
  };
}
