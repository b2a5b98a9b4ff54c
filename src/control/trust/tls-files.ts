import { UserError } from '../../errors.ts';
import type { TlsFiles } from '../../listen/tls.ts';
import type { ControlFlags } from '../flags.ts';

/**
 * The files of TLS that the flags name.
 * @returns undefined: there is no TLS
 * @throws UserError for flags that do not fit together
 */
export function controlTlsFiles(flags: ControlFlags): TlsFiles | undefined {
  const { controlTlsCert, controlTlsClientCa, controlTlsKey, trustSpiffe } = flags;
  if (controlTlsCert === undefined && controlTlsKey === undefined) {
    if (controlTlsClientCa === undefined && trustSpiffe.length === 0) return undefined;
    throw new UserError('client certificates need TLS: give --control-tls-cert and --control-tls-key', 2);
  }
  if (controlTlsCert === undefined || controlTlsKey === undefined) {
    throw new UserError('--control-tls-cert and --control-tls-key belong together: give both', 2);
  }
  if (controlTlsClientCa === undefined && trustSpiffe.length > 0) {
    throw new UserError('--trust-spiffe: by which authorities? Give --control-tls-client-ca FILE', 2);
  }
  if (controlTlsClientCa !== undefined && trustSpiffe.length === 0) {
    throw new UserError('--control-tls-client-ca: what do client certificates stand for? Give --trust-spiffe RULE', 2);
  }
  return { certificate: controlTlsCert, key: controlTlsKey, clientAuthorities: controlTlsClientCa };
}
