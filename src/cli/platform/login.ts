import { LogInResponseSchema } from '../../../gen/ostiary/v1/people_pb.js';
import type { LogInResponse } from '../../../gen/ostiary/v1/people_pb.js';
import { UserError } from '../../errors.ts';
import { text, toggle } from '../../flags.ts';
import { ApiRefusal } from '../api-call.ts';
import { shown } from '../analytics/shown.ts';
import { askSecret } from '../ask-secret.ts';
import { defineCommand } from '../command.ts';
import { storeCredential } from '../credentials.ts';
import { logInByBrowser, logInByCode } from './log-in-by-browser.ts';
import { isoText, secondsText } from './moments.ts';
import { callServer, serverFlags } from './server.ts';
import type { Caller } from './server.ts';

const UNAUTHORIZED = 401;

/** Logs in, and keeps what the other commands call with. */
export const command = defineCommand({
  usage: 'login [FLAGS]',
  summary:
    'Logs in to the control plane, by a browser on this machine: by the identity provider, or as a local user.\n' +
    'With --device, by a browser anywhere: it prints a code to enter there. With --user, as a local user without a browser:\n' +
    'the password is typed, or read from standard input. What commands call with from then on is kept in\n' +
    '~/.config/ostiary/credentials.json, for your user alone, for each control plane; ostiary logout ends it.',
  examples: ['login --server https://control.example.com', 'login --device', 'login --user bob < password.txt'],
  flags: {
    device: toggle('print a code to enter in a browser on another machine'),
    user: text(undefined, 'NAME', 'log in as this local user, by a password'),
    server: serverFlags.server,
    serverCa: serverFlags.serverCa,
    requestTimeout: serverFlags.requestTimeout,
  },
  sections: { device: 'How', server: 'Where' },
  maxArguments: 1,
  async run({ values, positionals: [who] }, environment) {
    if (who !== undefined) {
      throw new UserError(`unexpected argument ${JSON.stringify(who)}: a local user logs in by --user NAME`, 2);
    }
    if (values.device && values.user !== undefined) throw new UserError('how? Either --device or --user', 2);
    const caller: Caller = { values: { ...values, tokenFile: undefined }, environment, isNobody: true };
    const { expires, name, token } = await logIn(values.user, values.device, caller);
    const file = storeCredential(values.server, { token, name, expires: isoText(expires) }, environment);
    process.stdout.write(`logged in to ${values.server} as ${shown(name)}, until ${secondsText(expires)}\n`);
    if (environment['OSTIARY_TOKEN'])
      process.stderr.write(`OSTIARY_TOKEN is set: unset it, so that commands use ${file}\n`);
    return 0;
  },
});

type LoggedIn = Pick<LogInResponse, 'expires' | 'name' | 'token'>;

async function logIn(user: string | undefined, byDevice: boolean, caller: Caller): Promise<LoggedIn> {
  if (user === undefined) return byDevice ? logInByCode(caller) : logInByBrowser(caller);
  const password = await askSecret('Password');
  const name = user.replace(/^local:/, '');
  try {
    return await callServer('PeopleService/LogIn', { name, password }, LogInResponseSchema, caller);
  } catch (error) {
    if (error instanceof ApiRefusal && error.status === UNAUTHORIZED) {
      throw new UserError('the name or the password is wrong', 1, { cause: error });
    }
    throw error;
  }
}
