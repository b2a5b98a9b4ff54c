import { join } from 'node:path';
import { startControlPlane } from '../real/control-plane.ts';
import { freePort, scratchFolder } from '../real/scratch.ts';
import { startUp } from '../real/up.ts';
import type { RealUp } from '../real/up.ts';
import { Window } from './browser.ts';
import { buildConsole } from './built.ts';

export interface SiteOptions {
  /** Who is there: by team, local users with their role. The Team `shop` owns the namespace `shop`, and so on. */
  readonly teams?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Written at the start, as whoever has the first token. */
  readonly documents?: readonly object[];
  /** A folder of documents: a sidecar runs beside the control plane, and follows it. */
  readonly policies?: string;
  /** More flags. */
  readonly args?: readonly string[];
  /** Does something with the data folder before the first start. */
  readonly before?: (dataDir: string) => Promise<void>;
}

/** A real control plane with its console, with a sidecar or without. */
export interface Site {
  readonly url: string;
  /** Where the control plane keeps everything. */
  readonly dataDir: string;
  /** With the first token. */
  readonly env: Readonly<Record<'OSTIARY_SERVER' | 'OSTIARY_TOKEN', string>>;
  /** Of the sidecar; undefined: there is none. */
  readonly sidecar: Pick<RealUp, 'adminUrl' | 'apiUrl' | 'listen'> | undefined;
  /** Calls a method as whoever has the first token. @throws Error (rejects with it) where it is refused */
  call<Answer = Record<string, unknown>>(method: string, request: object): Promise<Answer>;
  /** Writes documents. @throws Error (rejects with it) where one has a fault */
  apply(...documents: readonly object[]): Promise<void>;
  /** A window in which somebody has logged in; undefined: nobody. */
  window(name?: string): Promise<Window>;
  /** Stops the control plane, and starts it again: at the same address, on the same data. */
  restart(whileStopped?: () => Promise<void>): Promise<void>;
  /** @throws Error (rejects with it) where a window has had a fault */
  close(): Promise<void>;
}

export const PASSWORD = 'correct horse battery';

export async function openSite({
  teams = {},
  documents = [],
  policies,
  args = [],
  before,
}: SiteOptions = {}): Promise<Site> {
  await buildConsole();
  const dataDir = join(scratchFolder('console'), 'data');
  // Pages that are open hold their streams.
  const flags = ['--drain', '500ms', ...args];
  const listen = `127.0.0.1:${await freePort()}`;
  const start = async () => {
    if (policies === undefined)
      return { ...(await startControlPlane(dataDir, listen, { args: flags })), sidecar: undefined };
    const up = await startUp({ dataDir, policies, controlListen: listen, args: [...flags, '--drain-delay', '0ms'] });
    return { ...up, sidecar: up };
  };
  await before?.(dataDir);
  let running = await start();
  const { env } = running;
  const url = `http://${listen}`;
  const windows = new Set<Window>();

  const call: Site['call'] = async (method, request) => {
    const answer = await fetch(`${url}/ostiary.v1.${method}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${env.OSTIARY_TOKEN}` },
      body: JSON.stringify(request),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method}: ${answer.status} ${text}`);
    return JSON.parse(text);
  };
  const apply: Site['apply'] = async (...written) => {
    const request = { documents: written.map((document) => ({ document })) };
    const { faults = [] } = await call<{ faults?: readonly object[] }>('ResourceService/Apply', request);
    if (faults.length > 0) throw new Error(`not applied: ${JSON.stringify(faults)}`);
  };

  const names = new Set(Object.values(teams).flatMap((members) => Object.keys(members)));
  for (const name of names) await call('PeopleService/CreateUser', { name, password: PASSWORD });
  if (names.size > 0) await apply(...Object.entries(teams).map(([name, members]) => teamOf(name, members)));
  if (documents.length > 0) await apply(...documents);

  return {
    url,
    dataDir,
    env,
    get sidecar() {
      return running.sidecar;
    },
    call,
    apply,
    async window(name) {
      const window = await Window.open(url);
      windows.add(window);
      if (name !== undefined) {
        const form = { name, password: PASSWORD, return: '/' };
        const answer = await window.context.request.post('/login', { form, headers: { origin: url }, maxRedirects: 0 });
        if (answer.status() !== 303) throw new Error(`${name} was not let in: ${answer.status()}`);
      }
      return window;
    },
    async restart(whileStopped) {
      await running.stop();
      await whileStopped?.();
      running = await start();
      // Of the time between.
      for (const window of windows) window.forgive(/net::ERR_/);
    },
    async close() {
      const closed = await Promise.allSettled([...windows].map((window) => window.close()));
      await running.stop();
      for (const each of closed) if (each.status === 'rejected') throw each.reason;
    },
  };
}

function teamOf(name: string, members: Readonly<Record<string, string>>): object {
  return {
    apiVersion: 'ostiary.dev/v1alpha1',
    kind: 'Team',
    metadata: { name, namespace: 'platform' },
    spec: {
      ...(name !== 'platform' && { namespaces: [name] }),
      members: Object.entries(members).map(([user, role]) => ({ user: `local:${user}`, role })),
    },
  };
}
