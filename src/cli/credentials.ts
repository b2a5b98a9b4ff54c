import { chmodSync, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { sentenceOf, UserError } from '../errors.ts';
import { shown } from './analytics/shown.ts';
import type { Environment } from './command.ts';

/** What `ostiary login` keeps for one control plane. */
export interface Credential {
  readonly token: string;
  /** Whose it is, as the control plane calls them. */
  readonly name: string;
  /** RFC 3339. */
  readonly expires: string;
}

type Credentials = Readonly<Record<string, Credential>>;

/** @returns undefined: nobody says where our user's files are */
function credentialsFile(environment: Environment): string | undefined {
  const { HOME: home, XDG_CONFIG_HOME: configured } = environment;
  // An empty variable is none, and a relative one is ignored (XDG Base Directory Specification).
  const folder = configured?.startsWith('/') === true ? configured : home && join(home, '.config');
  return folder === undefined || folder === '' ? undefined : join(folder, 'ostiary', 'credentials.json');
}

/**
 * What was kept at the login to this control plane; a login that has ended is none.
 * @param server as it is called
 * @throws UserError where the file can't be used
 */
export function storedCredential(server: string, environment: Environment, nowMs: number): Credential | undefined {
  const file = credentialsFile(environment);
  const found = file === undefined ? undefined : readCredentials(file)[keyOf(server)];
  return found !== undefined && Date.parse(found.expires) > nowMs ? found : undefined;
}

/** The control planes that our user is logged in to. @throws UserError where the file can't be used */
export function loggedInTo(environment: Environment, nowMs: number): readonly string[] {
  const file = credentialsFile(environment);
  const entries = file === undefined ? [] : Object.entries(readCredentials(file));
  return entries.filter(([, { expires }]) => Date.parse(expires) > nowMs).map(([server]) => shown(server));
}

/**
 * Keeps it for our user alone, in place of the one before. @param credential undefined: none is kept any more
 * @returns the file
 * @throws UserError where it can't be written
 */
export function storeCredential(server: string, credential: Credential | undefined, environment: Environment): string {
  const file = credentialsFile(environment);
  if (file === undefined) throw new UserError('where is the login kept? Set HOME, or XDG_CONFIG_HOME');
  const { [keyOf(server)]: _before, ...others } = readCredentials(file);
  const servers = credential === undefined ? others : { ...others, [keyOf(server)]: credential };
  const unfinished = `${file}.${process.pid}`;
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    writeFileSync(unfinished, `${JSON.stringify({ servers }, null, 2)}\n`, { mode: 0o600 });
    // It may have been there already.
    chmodSync(unfinished, 0o600);
    renameSync(unfinished, file);
  } catch (error) {
    throw new UserError(`${file}: ${sentenceOf(error)}`);
  }
  return file;
}

function readCredentials(file: string): Credentials {
  let text: string;
  try {
    const { mode, uid } = statSync(file);
    if (uid === process.getuid?.() && (mode & 0o077) !== 0) {
      throw new UserError(`${file}: others may read it: chmod 600 ${file}, or delete it and log in again`);
    }
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if (error instanceof UserError) throw error;
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw new UserError(`${file}: ${sentenceOf(error)}`);
  }
  try {
    const { servers } = JSON.parse(text) as { servers?: unknown };
    const entries = Object.entries((servers ?? {}) as Record<string, Partial<Credential>>);
    return Object.fromEntries(entries.filter((each): each is [string, Credential] => isCredential(each[1])));
  } catch {
    throw new UserError(`${file}: it is no JSON: delete it, and log in again`);
  }
}

function isCredential({ expires, name, token }: Partial<Credential>): boolean {
  return [expires, name, token].every((each) => typeof each === 'string');
}

/** One control plane has one name: `http://HOST:9195/` is `http://host:9195`. */
function keyOf(server: string): string {
  if (server.startsWith('unix:')) return server;
  return URL.parse(server.includes('://') ? server : `http://${server}`)?.origin ?? server;
}
