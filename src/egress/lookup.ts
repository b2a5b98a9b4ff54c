import { lookup as systemLookup } from 'node:dns';
import type { LookupAddress, LookupOptions } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { EgressFault } from './fault.ts';
import type { EgressRules } from './rules.ts';

/** Resolves a name to all of its addresses. */
export type Resolve = (host: string) => Promise<readonly LookupAddress[]>;

/** The system's resolver. A name is looked up once at a time, since each look-up holds one of Node's four threads. */
export function systemResolve(): Resolve {
  const running = new Map<string, Promise<readonly LookupAddress[]>>();
  return (host) => {
    const known = running.get(host);
    if (known !== undefined) return known;
    const { promise, resolve, reject } = Promise.withResolvers<readonly LookupAddress[]>();
    systemLookup(host, { all: true }, (error, addresses) => {
      running.delete(host);
      if (error === null) resolve(addresses);
      else reject(error);
    });
    running.set(host, promise);
    return promise;
  };
}

/**
 * Resolves names for connections, and leaves out every address that the rules forbid. The connection is made to what
 * comes out, so that a name can't be pointed elsewhere between the question and the connection.
 */
export function checkedLookup(resolve: Resolve, rules: EgressRules, port: number): LookupFunction {
  const permitted = async (host: string, family: number): Promise<readonly LookupAddress[]> => {
    const found = await resolve(host);
    let problem: string | undefined;
    const addresses = found.filter((one) => {
      if (family !== 0 && one.family !== family) return false;
      const why = rules.problemOfAddress(one.address, host, port);
      problem ??= why;
      return why === undefined;
    });
    if (addresses.length > 0) return addresses;
    throw new EgressFault(problem === undefined ? 'unreachable' : 'refused', problem ?? 'its name has no address');
  };
  return (host, options, callback) => {
    const answer = async (): Promise<void> => {
      let addresses: readonly LookupAddress[];
      try {
        addresses = await permitted(host, familyOf(options.family));
      } catch (error) {
        callback(error as NodeJS.ErrnoException, '', 0);
        return;
      }
      const [first] = addresses;
      if (options.all === true || first === undefined) callback(null, [...addresses]);
      else callback(null, first.address, first.family);
    };
    void answer();
  };
}

function familyOf(family: LookupOptions['family']): number {
  return family === 'IPv4' ? 4 : family === 'IPv6' ? 6 : (family ?? 0);
}
