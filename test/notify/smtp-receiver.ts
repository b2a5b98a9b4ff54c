import type { AddressInfo } from 'node:net';
import { SMTPServer } from 'smtp-server';
import type { SMTPServerOptions } from 'smtp-server';

export interface ReceivedMail {
  readonly from: string;
  readonly to: readonly string[];
  readonly user: string | undefined;
  readonly isSecure: boolean;
  /** As it was sent. */
  readonly text: string;
}

/** A real SMTP server that keeps what it is sent. */
export interface SmtpReceiver {
  readonly port: number;
  readonly mails: ReceivedMail[];
  /** Names and passwords that were tried. */
  readonly logins: string[];
  /** What it answers to a recipient from now on; 0: it takes it. */
  refuses: number;
  close(): Promise<void>;
}

export async function startSmtpReceiver(options: SMTPServerOptions = {}): Promise<SmtpReceiver> {
  const [mails, logins]: [ReceivedMail[], string[]] = [[], []];
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: [],
    logger: false,
    ...options,
    onAuth({ username = '', password = '' }, _session, done) {
      logins.push(`${username} ${password}`);
      if (password === 'right') done(null, { user: username });
      else done(new Error('no'));
    },
    onRcptTo(_address, _session, done) {
      if (receiver.refuses === 0) done();
      else done(Object.assign(new Error('said of the address'), { responseCode: receiver.refuses }));
    },
    onData(stream, session, done) {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        const { mailFrom, rcptTo } = session.envelope;
        mails.push({
          from: mailFrom === false ? '' : mailFrom.address,
          to: rcptTo.map(({ address }) => address),
          user: session.user === undefined ? undefined : String(session.user),
          isSecure: session.secure,
          text: Buffer.concat(chunks).toString(),
        });
        done();
      });
    },
  });
  // A client that does not trust it ends the connection.
  server.on('error', () => {});
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  const receiver: SmtpReceiver = {
    port: (server.server.address() as AddressInfo).port,
    mails,
    logins,
    refuses: 0,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
  return receiver;
}
