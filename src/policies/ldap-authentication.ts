import type { Denial } from '../denial/denial.ts';
import { InquiryFault } from '../inquiry/fault.ts';
import type { Answer } from '../inquiry/inquiries.ts';
import { claimHeaders } from '../jwt/claim-headers.ts';
import type { ClaimHeader } from '../jwt/claim-headers.ts';
import type { DirectoryAnswer, DirectoryUser } from '../ldap/directory.ts';
import { urlOf } from '../ldap/server.ts';
import { hasBasic } from '../policy/basic-credentials.ts';
import type { BasicCredentials } from '../policy/basic-credentials.ts';
import { BASIC_HEADER } from '../policy/authenticating.ts';
import { definePolicy } from '../policy/policy.ts';
import type { Outcome, Request } from '../policy/policy.ts';
import { Unavailable } from '../policy/unavailable.ts';
import { USER_REJECTED, userCredentials, userRejected } from '../policy/user-rejection.ts';
import { settle } from '../settle.ts';
import { loopbackRemarks } from './egress-loopback.ts';
import type { PolicySurroundings } from './environment.ts';
import { openDirectory, serverOf } from './ldap-authentication-directory.ts';
import { options } from './ldap-authentication-options.ts';
import type { Options } from './ldap-authentication-options.ts';
import { certificateFile, secretFile } from './secret-file.ts';

declare module '../denial/denial.ts' {
  interface Reasons {
    user_refused: object;
    directory_unavailable: { readonly retryAfterSeconds: number };
  }
}

/**
 * How long a refusal is remembered. It is short, since the user may be added; it keeps guesses away from the
 * directory.
 */
const REFUSED_MS = 5000;
/** Longer names and passwords are refused without asking the directory. */
const MAX_NAME_BYTES = 256;
const MAX_PASSWORD_BYTES = 1024;

/** Only users of a directory may pass (`docs/policies/ldap-authentication.md`). */
export default definePolicy({
  name: 'ldap-authentication',
  phase: 'access',
  summary: 'Admits users whose name and password, given by HTTP Basic, a directory (LDAP) knows',
  options,
  secretFields: ['ldapServerUserPassword'],
  reasons: {
    user_rejected: USER_REJECTED,
    user_refused: {
      httpStatus: 403,
      sentence: 'The user has no access to this API.',
      meaning: 'the directory knows the user, who is not in a required group, or whom no header can tell of',
    },
    directory_unavailable: {
      httpStatus: 503,
      sentence: 'The service is temporarily unavailable.',
      headers: ({ retryAfterSeconds }) => [['retry-after', String(Math.max(1, Math.ceil(retryAfterSeconds)))]],
      meaning: 'the directory (LDAP) gives no answer that can be used, or too many wait for one',
    },
  },
  warnings: ({ ldapServerURL: url }, { egress }: PolicySurroundings) => {
    const server = typeof url === 'string' ? serverOf({ ldapServerURL: url, allowInsecureLdap: false }) : undefined;
    return server === undefined ? [] : loopbackRemarks('ldapServerURL', urlOf(server), egress.rules);
  },
  files: ({ authoritiesFile, ldapServerUserPasswordFile: file }) => [
    ...(authoritiesFile === undefined
      ? []
      : [{ path: ['authoritiesFile'], file: authoritiesFile, format: certificateFile }]),
    ...(file === undefined ? [] : [{ path: ['ldapServerUserPasswordFile'], file, format: secretFile }]),
  ],
  create(config, environment: PolicySurroundings) {
    const challenge = `Basic realm="${config.realm}", charset="UTF-8"`;
    const hidden = config.forwardCredentials ? [] : ['authorization'];
    const directory = openDirectory(config, environment);
    const judge = judging(config, challenge, hidden);
    const inquiries = environment.inquire<Outcome>({
      maxEntries: config.maxCacheEntries,
      async ask(credentials) {
        const colon = credentials.indexOf(':');
        return judge(await directory.authenticate(credentials.slice(0, colon), credentials.slice(colon + 1)));
      },
    });
    return {
      phase: 'access',
      identityHeaders: [config.upstreamHeaders.user, ...config.claimsToHeaders.map(({ header }) => header)],
      provides: ['claims'],
      authenticates: {
        credential: BASIC_HEADER,
        isPresent: (request) => hasBasic(request.check.header('authorization')),
        challenge,
        headers: ['authorization'],
      },
      decide(request): Outcome | Promise<Outcome> {
        const credentials = userCredentials(request.check.header('authorization'), challenge, problemOf);
        if ('reason' in credentials) return credentials;
        return settle<Outcome, Outcome>(
          // A name has no colon, so this text is unambiguous.
          inquiries.about(`${credentials.name}:${credentials.secret}`, waitLimitOf(request)),
          (outcome) => outcome,
          unjudged,
        );
      },
      close() {
        inquiries.close();
        directory.close();
      },
    };
  },
});

function waitLimitOf({ deadline, caller }: Request): Pick<Request, 'deadline' | 'caller'> {
  return { deadline, caller };
}

/** An empty password must be refused here: a bind without a password is anonymous, and succeeds (RFC 4513, 5.1.2). */
function problemOf({ name, secret }: BasicCredentials): string | undefined {
  if (name === '' || secret === '') return 'have an empty name or password';
  // oxlint-disable-next-line no-control-regex -- they are what is looked for (RFC 7617, 2)
  if (/[\u0000-\u001f\u007f]/.test(name) || /[\u0000-\u001f\u007f]/.test(secret)) return 'have a control character';
  if (Buffer.byteLength(name) > MAX_NAME_BYTES) return `have a name of more than ${MAX_NAME_BYTES} bytes`;
  const isLong = Buffer.byteLength(secret) > MAX_PASSWORD_BYTES;
  return isLong ? `have a password of more than ${MAX_PASSWORD_BYTES} bytes` : undefined;
}

/** Turns the directory's answer into a result that is the same for every request with these credentials. */
function judging(
  config: Options,
  challenge: string,
  remove: readonly string[],
): (answer: DirectoryAnswer) => Answer<Outcome> {
  const user = { claim: 'sub', header: config.upstreamHeaders.user, encoding: 'text' } as const;
  const wanted = [user, ...config.claimsToHeaders].map(({ claim, header, encoding }): ClaimHeader => {
    return { path: [claim], label: JSON.stringify(claim), isPath: false, header, encoding };
  });
  const required = config.requiredGroups.map(comparable);
  const refused = (value: Denial): Answer<Outcome> => ({ value, isGood: false, forMs: REFUSED_MS, bytes: 600 });
  return (answer) => {
    if (answer.found === 'wrong')
      return refused(userRejected('password_wrong', 'the directory refuses the password, or the user', challenge));
    if (answer.found !== 'user') {
      const detail = answer.found === 'nobody' ? 'no entry has this name' : 'several entries have this name';
      return refused(userRejected('user_unknown', `ldapSearchFilter: ${detail}`, challenge));
    }
    const groups = new Set(answer.user.groups.map(comparable));
    const missing = config.requiredGroups.filter((_, index) => !groups.has(required[index] ?? ''));
    if (missing.length > 0)
      return refused({ reason: 'user_refused', detail: `the user is not in the group ${missing.join(' and ')}` });
    const claims = claimsOf(answer.user, config);
    const told = claimHeaders(claims, wanted);
    if (typeof told === 'string') return refused({ reason: 'user_refused', detail: told });
    const bytes = 1000 + 2 * JSON.stringify(claims).length;
    return {
      value: { identity: { claims }, upstream: told.headers, remove },
      isGood: true,
      forMs: config.cacheSeconds * 1000,
      bytes,
    };
  };
}

function claimsOf(user: DirectoryUser, { attributes, groups }: Options): Readonly<Record<string, unknown>> {
  const claims: Record<string, unknown> = { sub: user.subject, dn: user.dn };
  if (groups !== undefined) claims['groups'] = user.groups;
  for (const { claim, attribute } of attributes) {
    const values = user.attributes.get(attribute);
    if (values !== undefined) claims[claim] = values.length === 1 ? values[0] : values;
  }
  return claims;
}

/** Normalises case and the white space between the parts of a distinguished name (RFC 4514), for comparison. */
function comparable(group: string): string {
  return group
    .trim()
    .toLowerCase()
    .replaceAll(/\s*(?<!\\)([,=+])\s*/g, '$1');
}

/**
 * If the directory could not be asked because too many requests wait, the request is denied whatever `onFailure`
 * says: otherwise a caller could pass by causing a flood.
 * @throws Unavailable if the directory itself failed
 */
function unjudged(error: unknown): Denial {
  if (!(error instanceof InquiryFault)) throw error;
  const denial: Denial = {
    reason: 'directory_unavailable',
    retryAfterSeconds: error.retryInMs / 1000,
    detail: `the directory: ${error.message}`,
  };
  if (error.outcome === 'busy' || error.outcome === 'gone') return denial;
  throw new Unavailable(denial);
}
