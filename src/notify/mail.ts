import { createTransport } from 'nodemailer';
import type { TeamEvent } from './event.ts';
import { isMailAddress } from './mail-address.ts';
import { plainText } from './plain-text.ts';
import type { MailSender, Outcome } from './sending.ts';

/** The server that takes mails, as the operator's flags name it. */
export interface MailServer {
  readonly host: string;
  readonly port: number;
  /**
   * `implicit`: TLS from the first byte. `starttls`: nothing is said before TLS. `none`: for a server on this machine.
   */
  readonly tls: 'implicit' | 'starttls' | 'none';
  readonly user: string | undefined;
  readonly password: string | undefined;
  /** PEM authorities that signed its certificate; undefined: those of the system. */
  readonly authorities: string | undefined;
  /** An address. */
  readonly from: string;
  /** Domains whose addresses are sent mails, with those below them; `*`: any. Whoever writes a document names addresses. */
  readonly to: readonly string[];
}

const TIMEOUTS = { connectionTimeout: 10_000, greetingTimeout: 10_000, socketTimeout: 20_000, dnsTimeout: 10_000 };
const LONGEST_SUBJECT = 120;

/** Sends events as mails of plain text, each to one address. */
export function mailSender({ host, port, tls, user, password, authorities, from, to }: MailServer): MailSender {
  const transport = createTransport({
    host,
    port,
    secure: tls === 'implicit',
    requireTLS: tls === 'starttls',
    ignoreTLS: tls === 'none',
    ...(user !== undefined && { auth: { user, pass: password ?? '' } }),
    tls: { minVersion: 'TLSv1.2', rejectUnauthorized: true, ...(authorities !== undefined && { ca: authorities }) },
    pool: true,
    maxConnections: 2,
    disableFileAccess: true,
    disableUrlAccess: true,
    ...TIMEOUTS,
  });
  const sendTo = async (address: string, mail: ReturnType<typeof mailOf>): Promise<Outcome> => {
    if (!isMailAddress(address)) return { result: 'refused', detail: 'this is no mail address' };
    if (!isWithin(address, to)) {
      return {
        result: 'refused',
        detail: 'no mail is sent to addresses of this domain: start with --mail-to DOMAIN',
      };
    }
    try {
      await transport.sendMail({
        ...mail,
        to: { name: '', address },
        envelope: { from, to: [address] },
      });
      return { result: 'delivered', detail: 'the mail server took it' };
    } catch (error) {
      return outcomeOf(error);
    }
  };
  return {
    send: (address, event) => sendTo(address, mailOf(event, from)),
    sendTogether: (address, events, most) => sendTo(address, mailOfMany(events, most, from)),
    close: () => transport.close(),
  };
}

function mailOf(event: TeamEvent, from: string) {
  const { id, text } = event;
  const lines = Object.entries({
    Event: event.event,
    Time: event.at,
    By: event.by,
    Reason: event.reason,
    About: `${event.about.kind} ${event.about.namespace === '' ? '' : `${event.about.namespace}/`}${event.about.name}`,
    Teams: event.teams.join(', '),
    ...event.data,
    Id: id,
  }).flatMap(([title, value]) => (value === undefined ? [] : [`${title}: ${value}`]));
  const subject = `[${event.event}] ${text}`;
  return written({ subject, text: `${text}\n\n${lines.join('\n')}\n`, id, at: new Date(event.at) }, from);
}

/** The latest of so many are told, each in a line. */
const MOST_TOLD = 200;

function mailOfMany(events: readonly TeamEvent[], most: number, from: string) {
  const [first] = events;
  const told = events.slice(-MOST_TOLD).map(({ at, event, text }) => `${at} [${event}] ${text}`);
  const left = events.length - told.length;
  const why = `They were held back, since you were sent ${most} mails within an hour. "ostiary events" has all of each.`;
  const before = left > 0 ? `${left} before these are not in this mail.\n` : '';
  const last = events.at(-1);
  return written(
    {
      subject: `[${events.length} events] held back, after ${most} mails within an hour`,
      text: `${events.length} events\n${why}\n\n${before}${told.join('\n')}\n`,
      id: `${first?.id ?? ''}-${last?.id ?? ''}`,
      at: new Date(last?.at ?? 0),
    },
    from,
  );
}

interface Written {
  readonly subject: string;
  readonly text: string;
  /** The same whenever it is sent. */
  readonly id: string;
  readonly at: Date;
}

function written({ subject, text, id, at }: Written, from: string) {
  const domain = from.slice(from.lastIndexOf('@') + 1);
  return {
    from: { name: 'ostiary', address: from },
    subject: plainText(subject, LONGEST_SUBJECT),
    text,
    messageId: `<${id}@${domain}>`,
    date: at,
    // RFC 3834: nobody's absence is answered.
    headers: { 'Auto-Submitted': 'auto-generated', 'X-Auto-Response-Suppress': 'All' },
  };
}

function isWithin(address: string, domains: readonly string[]): boolean {
  const own = address.slice(address.lastIndexOf('@') + 1).toLowerCase();
  return domains.some((each) => {
    const domain = each.toLowerCase();
    return domain === '*' || own === domain || own.endsWith(`.${domain}`);
  });
}

/** What a server has answered is not told: it may quote the mail. */
function outcomeOf(error: unknown): Outcome {
  const { code, responseCode } = Object(error) as { code?: unknown; responseCode?: unknown };
  const status = typeof responseCode === 'number' ? responseCode : 0;
  const isName = typeof code === 'string' && /^[A-Z_]{1,40}$/.test(code);
  const detail = `the mail server does not take it${status > 0 ? `: status ${status}` : ''}${isName ? ` (${code})` : ''}`;
  // RFC 5321, 4.2.1: of 5xx to the address, the same is of no use again. A refused login may be mended.
  const isForGood = status >= 550 && status <= 553 && code === 'EENVELOPE';
  return { result: isForGood ? 'refused' : 'failed', detail };
}
