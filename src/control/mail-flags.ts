import { isIP } from 'node:net';
import { sentenceOf, UserError } from '../errors.ts';
import { systemFiles } from '../file-access.ts';
import { integer, list, text, withVariables } from '../flags.ts';
import type { FlagValues } from '../flags.ts';
import type { MailServer } from '../notify/mail.ts';
import { isMailAddress, isMailDomain } from '../notify/mail-address.ts';

/** Flags of `ostiary control` that say how mail is sent. */
export const mailFlags = withVariables({
  smtpUrl: text(
    undefined,
    'URL',
    'the server that takes mails for people: smtps://USER@HOST, or smtp://USER@HOST, which has to offer STARTTLS',
    problemOfSmtpUrl,
  ),
  smtpPasswordFile: text(undefined, 'FILE', 'the password of the user of --smtp-url'),
  smtpCa: text(
    undefined,
    'FILE',
    'PEM authorities that signed the certificate of --smtp-url, in place of the system’s',
  ),
  mailFrom: text(undefined, 'ADDRESS', 'whom mails are from, such as ostiary@example.com', (given) =>
    isMailAddress(given) ? undefined : 'expected one mail address, such as ostiary@example.com',
  ),
  mailTo: list(
    [],
    'DOMAIN|*',
    'mails go to addresses of this domain and below it, and to no others; repeatable; * is any (default: that of --mail-from)',
    (given) => (given === '*' || isMailDomain(given) ? undefined : 'expected a domain, such as example.com, or *'),
  ),
  mailsPerHour: integer(
    60,
    1,
    100_000,
    'so many mails an address is sent in an hour; what is beyond comes as one mail',
  ),
});

const PORTS: Readonly<Record<string, number>> = { 'smtps:': 465, 'smtp:': 587 };
const MOST_PASSWORD_BYTES = 4096;
const MOST_CA_BYTES = 1024 * 1024;

function problemOfSmtpUrl(given: string): string | undefined {
  const url = URL.parse(given);
  if (url === null || PORTS[url.protocol] === undefined || url.hostname === '') {
    return 'expected smtps://HOST or smtp://HOST, with a user and a port or without';
  }
  if (url.password !== '') return 'has a password: put it in a file, and give --smtp-password-file';
  if (url.pathname.length > 1 || url.search !== '' || url.hash !== '')
    return 'expected nothing after the host and its port';
  return undefined;
}

/**
 * How mail is sent; undefined: it is not.
 * @throws UserError (rejects with it)
 */
export async function mailServerOf(
  flags: Omit<FlagValues<typeof mailFlags>, 'mailsPerHour'>,
): Promise<MailServer | undefined> {
  const { smtpUrl, smtpPasswordFile, smtpCa, mailFrom, mailTo } = flags;
  if (smtpUrl === undefined) {
    const alone = [
      ['--smtp-password-file', smtpPasswordFile],
      ['--smtp-ca', smtpCa],
      ['--mail-from', mailFrom],
      ['--mail-to', mailTo[0]],
    ].find(([, value]) => value !== undefined)?.[0];
    if (alone === undefined) return undefined;
    throw new UserError(`${alone} has no effect without --smtp-url`, 2);
  }
  const url = new URL(smtpUrl);
  const user = url.username === '' ? undefined : decodeURIComponent(url.username);
  if (mailFrom === undefined) throw new UserError('--smtp-url needs --mail-from ADDRESS: whom mails are from', 2);
  if (user !== undefined && smtpPasswordFile === undefined) {
    throw new UserError('--smtp-url names a user: give --smtp-password-file FILE too', 2);
  }
  if (user === undefined && smtpPasswordFile !== undefined) {
    throw new UserError('--smtp-password-file: of which user? Write --smtp-url smtps://USER@HOST', 2);
  }
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  return {
    host,
    port: url.port === '' ? (PORTS[url.protocol] ?? 0) : Number(url.port),
    tls: url.protocol === 'smtps:' ? 'implicit' : isThisMachine(host) ? 'none' : 'starttls',
    user,
    password:
      smtpPasswordFile === undefined
        ? undefined
        : (await readText('--smtp-password-file', smtpPasswordFile, MOST_PASSWORD_BYTES)).replace(/\r?\n$/, ''),
    authorities: smtpCa === undefined ? undefined : await readText('--smtp-ca', smtpCa, MOST_CA_BYTES),
    from: mailFrom,
    to: mailTo.length > 0 ? mailTo : [mailFrom.slice(mailFrom.lastIndexOf('@') + 1)],
  };
}

/** What is said to it leaves no cable. */
function isThisMachine(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}

/** @throws UserError (rejects with it) */
async function readText(flag: string, file: string, maxBytes: number): Promise<string> {
  let content: string;
  try {
    content = (await systemFiles.read(file, maxBytes)).toString('utf8');
  } catch (error) {
    throw new UserError(`${flag} ${file} ${sentenceOf(error)}`);
  }
  if (content.trim() === '') throw new UserError(`${flag} ${file} is empty`);
  return content;
}
