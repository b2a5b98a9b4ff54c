import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { hostname } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import type { AddressInfo } from 'node:net';
import {
  BeginLoginResponseSchema,
  CompleteLoginResponseSchema,
  LoginState,
} from '../../../gen/ostiary/v1/people_pb.js';
import type { BeginLoginResponse, CompleteLoginResponse } from '../../../gen/ostiary/v1/people_pb.js';
import { systemClock } from '../../clock.ts';
import { UserError } from '../../errors.ts';
import { shown } from '../analytics/shown.ts';
import { callServer } from './server.ts';
import type { Caller } from './server.ts';

/**
 * Logs in by a browser on this machine: it brings a code to a port of ours, so that nobody else gets the login, whoever
 * followed the link.
 * @throws UserError
 */
export async function logInByBrowser(caller: Caller): Promise<CompleteLoginResponse> {
  const coming = await listen();
  try {
    const begun = await begin(coming.port, caller);
    process.stderr.write(`log in here, in a browser on this machine:\n  ${shown(begun.verificationUrlComplete)}\n`);
    openBrowser(begun.verificationUrlComplete, caller);
    const code = await Promise.race([coming.code, ended(begun)]);
    const answer = await complete(begun, code, caller);
    if (answer.state === LoginState.COMPLETE) return answer;
    throw notComplete(answer.state);
  } finally {
    coming.close();
  }
}

/** Logs in by a browser anywhere: somebody enters a code there, and this asks until they have. @throws UserError */
export async function logInByCode(caller: Caller): Promise<CompleteLoginResponse> {
  const begun = await begin(0, caller);
  process.stderr.write(
    `open this in a browser, on any machine:\n  ${shown(begun.verificationUrl)}\nand enter the code  ${shown(begun.userCode)}\n`,
  );
  for (;;) {
    await pause(Math.max(1, begun.intervalSeconds) * 1000);
    const answer = await complete(begun, '', caller);
    if (answer.state === LoginState.COMPLETE) return answer;
    if (answer.state !== LoginState.PENDING) throw notComplete(answer.state);
  }
}

async function begin(redirectPort: number, caller: Caller): Promise<BeginLoginResponse> {
  const request = { redirectPort, client: `ostiary on ${hostname()}`.slice(0, 100) };
  return callServer('PeopleService/BeginLogin', request, BeginLoginResponseSchema, caller);
}

async function complete(
  { deviceCode }: BeginLoginResponse,
  code: string,
  caller: Caller,
): Promise<CompleteLoginResponse> {
  return callServer('PeopleService/CompleteLogin', { deviceCode, code }, CompleteLoginResponseSchema, caller);
}

function notComplete(state: LoginState): UserError {
  return new UserError(
    state === LoginState.DENIED ? 'it was refused in the browser' : 'nobody has allowed it in time: try again',
  );
}

async function ended({ expires }: BeginLoginResponse): Promise<never> {
  const endMs = expires === undefined ? 0 : Number(expires.seconds) * 1000;
  await pause(Math.max(1000, endMs - systemClock.now()), undefined, { ref: false });
  throw notComplete(LoginState.ENDED);
}

interface Coming {
  readonly port: number;
  /** What the browser brings. @throws UserError (rejects with it) where it was refused */
  readonly code: Promise<string>;
  close(): void;
}

/** A port of loopback, which takes one code. */
async function listen(): Promise<Coming> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const { createServer } = process.getBuiltinModule('node:http');
  const server = createServer({ requestTimeout: 10_000 }, (request, response) => {
    const { searchParams } = new URL(request.url ?? '/', 'http://127.0.0.1');
    const code = searchParams.get('code');
    const isDenied = searchParams.has('denied');
    const isOurs =
      request.method === 'GET' &&
      request.headers.host === `127.0.0.1:${request.socket.localPort}` &&
      (code !== null || isDenied);
    const text = isOurs ? 'You can close this page, and go back to the command line.' : 'Nothing is here.';
    response.writeHead(isOurs ? 200 : 404, {
      'content-type': 'text/plain',
      'cache-control': 'no-store',
      connection: 'close',
    });
    response.end(`${text}\n`, () => {
      if (!isOurs) return;
      if (isDenied || code === null) reject(notComplete(LoginState.DENIED));
      else resolve(code);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  // Whoever waits for it hears of it.
  promise.catch(() => {});
  return {
    port,
    code: promise,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** Best effort: the address is printed as well. */
function openBrowser(url: string, { environment }: Caller): void {
  // It comes from the control plane, and a program of this machine gets it.
  if (!/^https?:\/\/[^\s"'`$\\]+$/.test(url))
    throw new UserError('the control plane has told no address that a browser can open');
  const program = environment['BROWSER'] ?? (process.platform === 'darwin' ? 'open' : 'xdg-open');
  if (program === '') return;
  const started = spawn(program, [url], { stdio: 'ignore', detached: true });
  started.on('error', () => {});
  started.unref();
}
