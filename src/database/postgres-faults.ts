import { DatabaseFault } from './database-fault.ts';

// PostgreSQL's error codes (Appendix A of its manual) by their beginning, and error codes of the system.
const UNREACHABLE = /^(08|57P|53300|ECONN|ENOTFOUND|EAI_|EHOSTUNREACH|ENETUNREACH|ETIMEDOUT|EPIPE|ENOENT)/;
/** What `pg` says where an answer was waited for in vain. */
export const NO_ANSWER = 'Query read timeout';
/** Messages of `pg` without a code. */
const LOST =
  /^(Connection terminated|Query read timeout|timeout expired|timeout exceeded when trying to connect|Client has encountered a connection error)/;

/** The server and the database of a URL, without user and password. */
export function postgresName(url: string): string {
  const { hostname, port, pathname, searchParams } = new URL(url);
  const host = hostname === '' ? (searchParams.get('host') ?? 'localhost') : hostname;
  return `postgres://${host}${port === '' ? '' : `:${port}`}${pathname}`;
}

/** Translates an error of `pg` into a fault with the database and the remedy. Returns other errors unchanged. */
export function postgresFault(name: string, error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof DatabaseFault) return error;
  const code = (error as NodeJS.ErrnoException).code ?? '';
  const { message } = error;
  const options = { cause: error };
  if (UNREACHABLE.test(code) || LOST.test(message)) {
    const why = message === '' ? code : message;
    return new DatabaseFault(
      'unreachable',
      `${name} does not answer (${why}): check the address, and that the server runs`,
      options,
    );
  }
  if (code === '53100')
    return new DatabaseFault('full', `${name}: the server's disk is full; make room on it`, options);
  if (code === '25006')
    return new DatabaseFault('read_only', `${name} takes no changes: name the primary server`, options);
  if (code.startsWith('28')) {
    return new DatabaseFault('refused', `${name} does not let us in (${message}): check user and password`, options);
  }
  if (code === '3D000') return new DatabaseFault('refused', `${name}: ${message}; create it first`, options);
  if (code === '42501') return new DatabaseFault('refused', `${name}: ${message}; grant it to our user`, options);
  return new DatabaseFault('failed', `${name}: ${message}`, options);
}
