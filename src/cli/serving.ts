import { UserError } from '../errors.ts';
import { flagName } from '../flags.ts';

/** Headings of the flags of a service in its help, by the first flag of each. */
export const SERVICE_SECTIONS = {
  listen: 'Listeners',
  hostPort: 'How a request is read',
  maxMessageBytes: 'Bounds',
  redis: 'Quota',
  clientAddress: 'Analytics',
  readyWait: 'Start and end',
  logLevel: 'Log',
};

/** @throws UserError for permission bits of a listener that is not a Unix socket */
export function refuseModesWithoutSocket(
  given: ReadonlySet<string>,
  values: Readonly<Record<'listen' | 'apiListen', string>>,
): void {
  for (const listener of ['listen', 'apiListen'] as const) {
    if (!given.has(`${listener}Mode`) || values[listener].startsWith('unix:')) continue;
    const flag = flagName(listener);
    throw new UserError(`--${flag}-mode has no effect here: --${flag} ${values[listener]} is not a Unix socket`, 2);
  }
}
