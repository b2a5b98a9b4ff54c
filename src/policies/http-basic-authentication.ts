import { hashSecret, isSecret } from '../contract/secret.ts';
import type { Denial } from '../denial/denial.ts';
import { MAX_BCRYPT_PASSWORD_BYTES, parsePasswordHash } from '../password/password-hash.ts';
import type { PasswordHash } from '../password/password-hash.ts';
import type { PasswordAnswer, PasswordChecks } from '../password/password-checks.ts';
import { hasBasic, parseBasic } from '../policy/basic-credentials.ts';
import type { BasicCredentials } from '../policy/basic-credentials.ts';
import { BASIC_HEADER } from '../policy/authenticating.ts';
import type { NamedFiles } from '../policy/named-file.ts';
import { definePolicy } from '../policy/policy.ts';
import type { Grant, Outcome, Request } from '../policy/policy.ts';
import { USER_REJECTED, userCredentials, userRejected } from '../policy/user-rejection.ts';
import { settle } from '../settle.ts';
import type { PolicySurroundings } from './environment.ts';
import { options } from './http-basic-authentication-options.ts';
import type { Options } from './http-basic-authentication-options.ts';
import { problemOfPassword, problemOfUserName, userFile } from './http-basic-authentication-users.ts';

declare module '../denial/denial.ts' {
  interface Reasons {
    password_unchecked: object;
  }
}

/** Only users with a password may pass (`docs/policies/http-basic-authentication.md`). */
export default definePolicy({
  name: 'http-basic-authentication',
  phase: 'access',
  summary: 'Admits users who give their name and password by HTTP Basic',
  options,
  secretFields: ['password'],
  reasons: {
    user_rejected: USER_REJECTED,
    password_unchecked: {
      httpStatus: 503,
      sentence: 'The service is temporarily unavailable.',
      headers: () => [['retry-after', '2']],
      meaning: 'too many passwords wait for their hash, or it was not made before the time of the caller was over',
    },
  },
  files: ({ files = [] }) => files.map((file, index) => ({ path: ['files', index], file, format: userFile })),
  create(config, { files, passwords }: PolicySurroundings) {
    const challenge = `Basic realm="${config.realm}", charset="UTF-8"`;
    const users =
      config.password === undefined ? hashedUsers(usersOf(config, files), passwords) : oneUser(config, config.password);
    const header = config.upstreamHeaders.user;
    const grantOf = grants(header, config.forwardCredentials ? [] : ['authorization']);
    return {
      phase: 'access',
      identityHeaders: [header],
      provides: ['claims'],
      authenticates: {
        credential: BASIC_HEADER,
        isPresent: (request) => hasBasic(request.check.header('authorization')),
        isMeant(request) {
          const credentials = parseBasic(request.check.header('authorization') ?? '');
          return credentials !== undefined && users.has(credentials.name);
        },
        challenge,
        headers: ['authorization'],
      },
      decide(request): Outcome | Promise<Outcome> {
        const credentials = userCredentials(request.check.header('authorization'), challenge, problemOf);
        if ('reason' in credentials) return credentials;
        return settle(users.verify(credentials, request), (found) =>
          found === 'right' ? grantOf(credentials.name) : denialOf(found, challenge),
        );
      },
    };
  },
});

/** Makes one grant for each user who has called. Their number is bounded by the users in the documents. */
function grants(header: string, remove: readonly string[]): (name: string) => Grant {
  const made = new Map<string, Grant>();
  return (name) => {
    const known = made.get(name);
    if (known !== undefined) return known;
    const grant: Grant = { identity: { claims: { sub: name } }, upstream: [[header, name]], remove };
    made.set(name, grant);
    return grant;
  };
}

type Finding = PasswordAnswer | 'unknown' | 'too long';

type Failure = Exclude<Finding, 'right'>;

const DETAILS: Readonly<Record<Failure, string>> = {
  unknown: 'there is no user of this name',
  wrong: 'the password is not that of the user',
  'too long': `the password has more than the ${MAX_BCRYPT_PASSWORD_BYTES} bytes that bcrypt counts`,
  busy: 'too many passwords wait for their hash',
  late: 'the password was not checked in time: the hash is slow, or others wait too',
  gone: 'the caller left before the password was checked',
};

function denialOf(found: Failure, challenge: string): Denial {
  const detail = DETAILS[found];
  if (found === 'busy' || found === 'late' || found === 'gone') return { reason: 'password_unchecked', detail };
  return userRejected(found === 'unknown' ? 'user_unknown' : 'password_wrong', detail, challenge);
}

function problemOf({ name, secret }: BasicCredentials): string | undefined {
  if (name === '' || secret === '') return 'have an empty name or password';
  if (problemOfUserName(name) !== undefined) return 'have a name that no user can have';
  const problem = problemOfPassword(secret);
  return problem === undefined ? undefined : `have a password that ${problem}`;
}

interface Users {
  has(name: string): boolean;
  verify(credentials: BasicCredentials, request: Request): Finding | Promise<Finding>;
}

/**
 * The user of the options, whose password is known in plain text: a slow hash would protect nothing. The comparison
 * of name and password is constant-time.
 */
function oneUser({ username = '' }: Options, password: string): Users {
  const [name, secret] = [hashSecret(username), hashSecret(password)];
  return {
    has: (given) => given === username,
    verify(credentials) {
      const isUser = isSecret(name, credentials.name);
      const isPassword = isSecret(secret, credentials.secret);
      return isUser && isPassword ? 'right' : isUser ? 'wrong' : 'unknown';
    },
  };
}

function usersOf({ users = [], files = [] }: Options, named: NamedFiles): ReadonlyMap<string, PasswordHash> {
  const all = new Map<string, PasswordHash>();
  const add = (name: string, hash: PasswordHash): void => {
    if (all.has(name)) throw new TypeError(`two passwords of the user ${JSON.stringify(name)}: remove one of them`);
    all.set(name, hash);
  };
  for (const { username, passwordHash: text } of users) {
    const hash = parsePasswordHash(text);
    if (typeof hash === 'string') throw new TypeError(`the password hash of a user ${hash}`);
    add(username, hash);
  }
  for (const file of files) for (const [name, hash] of named.content(file, userFile).users) add(name, hash);
  return all;
}

/** If there is no user at all, passwords are checked against this hash, whose password nobody knows. */
const NOBODY: PasswordHash = {
  algorithm: 'bcrypt',
  text: '$2b$10$7xGMHHfigWWdxmAD8YG3duDMDAPyMMete22TO7TX/q1s2L4GSjw5e',
};

function hashedUsers(users: ReadonlyMap<string, PasswordHash>, passwords: PasswordChecks): Users {
  const hashes = [...users.values()];
  const verify: Users['verify'] = ({ name: user, secret: password }, { deadline, caller }) => {
    const own = users.get(user);
    const hash = own ?? passwords.decoy(user, hashes) ?? NOBODY;
    // bcrypt ignores bytes beyond its limit, so that a different password could match.
    if (hash.algorithm === 'bcrypt' && Buffer.byteLength(password) > MAX_BCRYPT_PASSWORD_BYTES) return 'too long';
    const isKnown = own !== undefined;
    const answer = passwords.check({ user, password, hash, isKnown }, { deadline, signal: caller?.signal });
    return settle(answer, (found): Finding => (found === 'wrong' && !isKnown ? 'unknown' : found));
  };
  return { has: (name) => users.has(name), verify };
}
