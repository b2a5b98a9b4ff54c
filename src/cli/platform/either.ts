import { UserError } from '../../errors.ts';
import { flagName } from '../../flags.ts';
import type { Environment } from '../command.ts';
import { serverFlags } from './server.ts';
import type { Caller } from './server.ts';

/** What a command was given that asks one service at its API, or the control plane. */
export interface EitherLine {
  readonly values: Caller['values'];
  /** Those of the command line itself. */
  readonly given: ReadonlySet<string>;
}

const OF_SERVER = ['server', 'serverCa', 'requestTimeout', 'tokenFile'];

/**
 * Who is asked: the address on the command line wins; then comes the control plane at `--server` or `OSTIARY_SERVER`;
 * without one, it is the service at the API's address.
 * @param ofApi the flags of the one service
 * @returns how the control plane is called; undefined: the service is
 * @throws UserError for flags of both
 */
export function serverAsked(
  { values, given }: EitherLine,
  environment: Environment,
  ofApi: readonly string[],
): Caller | undefined {
  const { server, serverCa, requestTimeout, tokenFile } = values;
  const api = ofApi.find((flag) => given.has(flag));
  const meant = OF_SERVER.find((flag) => given.has(flag));
  if (api !== undefined && meant !== undefined)
    throw new UserError(
      `--${flagName(api)} is of one service, and --${flagName(meant)} of the control plane: ask one of them`,
      2,
    );
  if (api !== undefined) return undefined;
  const isNamed = given.has('server') || (environment[serverFlags.server.variable ?? ''] ?? '') !== '';
  if (!isNamed && meant !== undefined)
    throw new UserError(`--${flagName(meant)} is for the control plane: give --server (or OSTIARY_SERVER) too`, 2);
  return isNamed ? { values: { server, serverCa, requestTimeout, tokenFile }, environment } : undefined;
}
