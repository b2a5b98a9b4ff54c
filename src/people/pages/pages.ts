import type { IncomingMessage, ServerResponse } from 'node:http';
import { Code, RpcError } from '../../grpc/rpc.ts';
import { LINK } from '../first-token.ts';
import { followFirstLink, takeFirstToken } from './first-token-page.ts';
import { fault, page } from './html.ts';
import type { PageAnswer } from './html.ts';
import { showLogin, showLogout, takeLogout, takePassword } from './login-page.ts';
import { pageRequestOf, sendPage } from './page-request.ts';
import type { PageRequest } from './page-request.ts';
import type { PagePorts } from './ports.ts';
import { PROGRAM, showProgram, takeProgram } from './program-page.ts';
import { CALLBACK, returnFromProvider, startAtProvider, takeBackChannelLogout } from './provider-pages.ts';

type Answer = (request: PageRequest, ports: PagePorts) => PageAnswer | Promise<PageAnswer>;

const ROUTES: Readonly<Record<string, Readonly<Record<string, Answer>>>> = {
  '/login': { GET: showLogin, POST: takePassword },
  '/login/first': { POST: takeFirstToken },
  [LINK]: { GET: followFirstLink },
  '/login/start': { GET: startAtProvider },
  [CALLBACK]: { GET: returnFromProvider },
  [PROGRAM]: { GET: showProgram, POST: takeProgram },
  '/login/backchannel-logout': { POST: takeBackChannelLogout },
  '/logout': { GET: showLogout, POST: takeLogout },
};

export type HandlePages = (request: IncomingMessage, response: ServerResponse) => boolean;

/**
 * The pages of login, as plain HTML: without a script.
 * @returns a handler of the requests it has a page for; false: it has none, and nothing was answered
 */
export function createPages(ports: PagePorts, onFailure: (path: string, error: unknown) => void): HandlePages {
  return (request, response) => {
    const [path = ''] = (request.url ?? '').split('?', 1);
    const route = Object.hasOwn(ROUTES, path) ? ROUTES[path] : undefined;
    if (route === undefined) return false;
    const answer = Object.hasOwn(route, request.method ?? '') ? route[request.method ?? ''] : undefined;
    if (answer === undefined) {
      const allow = Object.keys(route).join(', ');
      sendPage(response, { status: 405, headers: { allow, 'content-type': 'text/plain' }, body: '' });
      return true;
    }
    void answering(answer, request, response, path, ports, onFailure);
    return true;
  };
}

async function answering(
  answer: Answer,
  request: IncomingMessage,
  response: ServerResponse,
  path: string,
  ports: PagePorts,
  onFailure: (path: string, error: unknown) => void,
): Promise<void> {
  try {
    sendPage(response, await answer(pageRequestOf(request, response, path, ports.addressOf), ports));
  } catch (error) {
    if (error instanceof RpcError && error.code === Code.unavailable) {
      sendPage(response, page('Not now', fault(error.message), { status: 503 }));
      return;
    }
    onFailure(path, error);
    sendPage(response, page('Not now', fault('something went wrong: try again later'), { status: 500 }));
  }
}
