import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { mailServerOf } from '../../src/control/mail-flags.ts';
import { eventOf } from '../../src/notify/event.ts';
import type { Draft, TeamEvent } from '../../src/notify/event.ts';
import { mailSender } from '../../src/notify/mail.ts';
import type { MailServer } from '../../src/notify/mail.ts';
import { makeCertificates } from '../real/certificates.ts';
import type { Certificates } from '../real/certificates.ts';
import { partOrSkip } from '../real/parts.ts';
import { scratchFolder } from '../real/scratch.ts';
import { HOSTILE } from './hostile.ts';
import { startSmtpReceiver } from './smtp-receiver.ts';
import type { SmtpReceiver } from './smtp-receiver.ts';

const openssl = await partOrSkip('openssl');
const AT = Date.UTC(2027, 0, 1);

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

function event(more: Partial<Draft> = {}): TeamEvent {
  const about = { kind: 'Contract', namespace: 'orders', name: 'web-orders' };
  const draft: Draft = {
    event: 'contract.approved',
    by: 'user:bob@example.com',
    about,
    teams: ['orders-team'],
    text: 'bob@example.com approved the contract of Web shop',
    data: { tier: 'gold' },
  };
  return eventOf({ ...draft, ...more }, '1', AT);
}

async function receiving(options: Parameters<typeof startSmtpReceiver>[0] = {}): Promise<SmtpReceiver> {
  const receiver = await startSmtpReceiver(options);
  closing.push(() => receiver.close());
  return receiver;
}

function sender({ port }: SmtpReceiver, more: Partial<MailServer> = {}) {
  const own = {
    user: undefined,
    password: undefined,
    authorities: undefined,
    from: 'ostiary@example.com',
    to: ['example.com'],
  };
  const made = mailSender({ host: '127.0.0.1', port, tls: 'none', ...own, ...more });
  closing.unshift(() => made.close());
  return made;
}

/** The header of a mail, one field an item. */
function fieldsOf(text: string): readonly string[] {
  const [header = ''] = text.split('\r\n\r\n');
  return header.replaceAll(/\r\n[ \t]+/g, ' ').split('\r\n');
}

test('a mail tells of the event in plain text, to one address', async () => {
  const receiver = await receiving();
  expect(await sender(receiver).send('alice@example.com', event())).toMatchObject({ result: 'delivered' });
  const [mail] = receiver.mails;
  expect(mail).toMatchObject({ from: 'ostiary@example.com', to: ['alice@example.com'] });
  expect(fieldsOf(mail?.text ?? '').toSorted()).toEqual([
    'Auto-Submitted: auto-generated',
    'Content-Transfer-Encoding: 7bit',
    'Content-Type: text/plain; charset=utf-8',
    'Date: Fri, 01 Jan 2027 00:00:00 +0000',
    'From: ostiary <ostiary@example.com>',
    'MIME-Version: 1.0',
    expect.stringMatching(/^Message-ID: <event_[0-9a-f]{32}@example\.com>$/),
    'Subject: [contract.approved] bob@example.com approved the contract of Web shop',
    'To: alice@example.com',
    'X-Auto-Response-Suppress: All',
  ]);
  expect(mail?.text).toContain('\r\nTeams: orders-team\r\n');
});

test.each(HOSTILE)('what people wrote adds no field to a mail and no command to a session: %j', async (hostile) => {
  const receiver = await receiving();
  const about = { kind: 'Contract', namespace: 'orders', name: 'web-orders', displayName: hostile };
  const written = event({ text: hostile, reason: hostile, by: hostile, data: { tier: hostile }, about });
  await sender(receiver).send('alice@example.com', written);
  const [mail, ...others] = receiver.mails;
  expect(others).toEqual([]);
  expect(mail?.to).toEqual(['alice@example.com']);
  const names = fieldsOf(mail?.text ?? '').map((field) => field.replace(/:.*$/s, ''));
  expect(names.toSorted()).toEqual([
    'Auto-Submitted',
    'Content-Transfer-Encoding',
    'Content-Type',
    'Date',
    'From',
    'MIME-Version',
    'Message-ID',
    'Subject',
    'To',
    'X-Auto-Response-Suppress',
  ]);
});

test.each([
  'a@b.example\r\nBcc: c@d.example',
  'a@b.example, c@d.example',
  '"a b"@c.example',
  '<a@b.example>',
  'a@b c',
  'a',
])('no mail goes to what is no single address: %j', async (address) => {
  const receiver = await receiving();
  expect(await sender(receiver).send(address, event())).toMatchObject({ result: 'refused' });
  expect(receiver.mails).toEqual([]);
});

test('mails go to the domains that the operator names, whatever addresses people write into documents', async () => {
  const receiver = await receiving();
  const results = async (to: readonly string[], addresses: readonly string[]) => {
    const mail = sender(receiver, { to });
    return Promise.all(addresses.map(async (address) => (await mail.send(address, event())).result));
  };
  const asked = [
    'a@example.com',
    'a@Eu.Example.COM',
    'a@badexample.com',
    'a@example.com.evil.example',
    'a@evil.example',
  ];
  expect(await results(['example.com'], asked)).toEqual(['delivered', 'delivered', 'refused', 'refused', 'refused']);
  expect(await results(['example.com', 'evil.example'], asked)).toEqual([
    'delivered',
    'delivered',
    'refused',
    'delivered',
    'delivered',
  ]);
  expect(await results(['*'], ['a@anywhere.example'])).toEqual(['delivered']);
});

test('a server that knows no such address is not asked again; one that is busy is, and neither is quoted', async () => {
  const receiver = await receiving();
  const mail = sender(receiver);
  receiver.refuses = 550;
  const refused = await mail.send('alice@example.com', event());
  receiver.refuses = 451;
  const failed = await mail.send('alice@example.com', event());
  expect([refused.result, failed.result]).toEqual(['refused', 'failed']);
  expect(refused.detail).toBe('the mail server does not take it: status 550 (EENVELOPE)');
});

describe.skipIf(openssl === undefined)('over TLS', () => {
  let certificates: Certificates;
  beforeAll(async () => {
    certificates = await makeCertificates('IP:127.0.0.1');
  });
  const options = () => ({ key: certificates.text('server.key'), cert: certificates.text('server.crt') });
  const login = () => ({ user: 'ostiary', password: 'right', authorities: certificates.text('ca.crt') });

  test.each(['starttls', 'implicit'] as const)('%s: the password and the mail are sent encrypted', async (tls) => {
    const receiver = await receiving({ ...options(), secure: tls === 'implicit' });
    const outcome = await sender(receiver, { ...login(), tls }).send('alice@example.com', event());
    expect(outcome).toEqual({ result: 'delivered', detail: 'the mail server took it' });
    expect(receiver.mails).toMatchObject([{ isSecure: true, user: 'ostiary' }]);
  });

  test('to a server that nobody vouches for, or that has no TLS, nothing is said', async () => {
    const stranger = await receiving(options());
    const plain = await receiving({ disabledCommands: ['STARTTLS'] });
    const first = await sender(stranger, { ...login(), authorities: undefined, tls: 'starttls' }).send(
      'a@example.com',
      event(),
    );
    const second = await sender(plain, { ...login(), tls: 'starttls' }).send('a@example.com', event());
    expect([first.result, second.result]).toEqual(['failed', 'failed']);
    expect([...stranger.logins, ...plain.logins, ...stranger.mails, ...plain.mails]).toEqual([]);
  });

  test('a wrong password is told without the password', async () => {
    const receiver = await receiving(options());
    const outcome = await sender(receiver, { ...login(), password: 'wrong', tls: 'starttls' }).send(
      'a@example.com',
      event(),
    );
    expect(outcome).toEqual({ result: 'failed', detail: 'the mail server does not take it: status 535 (EAUTH)' });
  });
});

describe('flags', () => {
  const none = { smtpUrl: undefined, smtpPasswordFile: undefined, smtpCa: undefined, mailFrom: undefined, mailTo: [] };
  const folder = scratchFolder('mail-flags');
  const file = join(folder, 'password');
  writeFileSync(file, 'right\n');
  writeFileSync(join(folder, 'empty'), '\n');

  test('say how mail is sent', async () => {
    expect(await mailServerOf(none)).toBeUndefined();
    const from = { mailFrom: 'ostiary@example.com' };
    expect(
      await mailServerOf({ ...none, ...from, smtpUrl: 'smtps://me%40x@mail.example.com', smtpPasswordFile: file }),
    ).toEqual({
      host: 'mail.example.com',
      port: 465,
      tls: 'implicit',
      user: 'me@x',
      password: 'right',
      authorities: undefined,
      from: 'ostiary@example.com',
      to: ['example.com'],
    });
    expect(await mailServerOf({ ...none, ...from, smtpUrl: 'smtp://mail.example.com' })).toMatchObject({
      port: 587,
      tls: 'starttls',
    });
    expect(await mailServerOf({ ...none, ...from, smtpUrl: 'smtp://[::1]:25' })).toMatchObject({
      host: '::1',
      port: 25,
      tls: 'none',
    });
  });

  test.each([
    [{ mailTo: ['example.com'] }, '--mail-to has no effect without --smtp-url'],
    [{ mailFrom: 'a@example.com' }, '--mail-from has no effect without --smtp-url'],
    [{ smtpUrl: 'smtp://a.example' }, '--smtp-url needs --mail-from ADDRESS'],
    [{ smtpUrl: 'smtp://me@a.example', mailFrom: 'a@example.com' }, 'give --smtp-password-file FILE too'],
    [{ smtpUrl: 'smtp://a.example', mailFrom: 'a@example.com', smtpPasswordFile: file }, 'of which user?'],
    [
      { smtpUrl: 'smtp://me@a.example', mailFrom: 'a@example.com', smtpPasswordFile: join(folder, 'empty') },
      'empty is empty',
    ],
    [
      { smtpUrl: 'smtp://me@a.example', mailFrom: 'a@example.com', smtpPasswordFile: join(folder, 'none') },
      'there is no such file',
    ],
  ])('%j is refused with what to do', async (given, message) => {
    await expect(mailServerOf({ ...none, ...given })).rejects.toThrow(message);
  });
});
