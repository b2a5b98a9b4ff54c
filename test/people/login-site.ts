import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { together } from '../../src/database/inside.ts';
import type { Inside } from '../../src/database/inside.ts';
import { systemTimers } from '../../src/clock.ts';
import { openSqlite } from '../../src/database/open-sqlite.ts';
import { peerAddressOf } from '../../src/grpc/peer-address.ts';
import { systemEgress } from '../../src/egress/system-egress.ts';
import { openPasswordChecks } from '../../src/password/open.ts';
import { FirstLink, markOf } from '../../src/people/first-token.ts';
import type { FirstToken } from '../../src/people/first-token.ts';
import { hashNewPassword } from '../../src/people/new-password.ts';
import { confirmingBy } from '../../src/people/oidc/confirm.ts';
import { Provider } from '../../src/people/oidc/provider.ts';
import { ownOrigin } from '../../src/people/own-origin.ts';
import { createPages } from '../../src/people/pages/pages.ts';
import { peopleSchema } from '../../src/people/tables.ts';
import type { PeopleTables } from '../../src/people/tables.ts';
import { scratchFolder } from '../real/scratch.ts';
import type { Browser, Page, Sent } from './browser.ts';
import { HOUR, MINUTE, storesOn } from './fixture.ts';
import type { Stores } from './fixture.ts';
import { CLIENT, startSmallProvider } from './small-provider.ts';
import type { SmallProvider } from './small-provider.ts';

export const PASSWORD = 'correct horse battery';
/** As it is in the file of the first start. */
export const FIRST_TOKEN = 'the token of the first start';
export const COOKIE = 'ostiary-session';

/** The pages of a control plane, with a provider and a local user. */
export interface LoginSite {
  readonly url: string;
  readonly stores: Stores;
  readonly provider: SmallProvider;
  /** What the audit trail and the log were told. */
  readonly recorded: string[];
  /** By the form of the page, as the local user. */
  logIn(browser: Browser, more?: Readonly<Record<string, string>>, sent?: Sent): Promise<Page>;
  readonly firstLink: FirstLink;
  /** Somebody has put another first token into the file. */
  changeFirstToken(token: string): void;
  /** Whose session the browser has. */
  who(browser: Browser): Promise<string | undefined>;
  close(): Promise<void>;
}

export async function startLoginSite(): Promise<LoginSite> {
  const file = join(scratchFolder('people'), 'people.db');
  const token = { now: FIRST_TOKEN };
  const stores = storesOn(
    await openSqlite<PeopleTables>({ file, durability: 'normal', schema: peopleSchema }),
    async () => markOf(token.now),
  );
  stores.clock.nowMs = Date.now();
  const provider = await startSmallProvider(() => stores.clock.nowMs);
  const recorded: string[] = [];
  const { clock, people, sessions } = stores;
  const checks = openPasswordChecks(clock);
  const { egress } = systemEgress({ variables: {}, allow: ['127.0.0.1'], timers: systemTimers });
  const asked = new Provider(
    {
      issuer: provider.issuer,
      clientId: CLIENT.id,
      clientSecret: async () => CLIENT.secret,
      scopes: 'openid email',
      claims: { user: 'email', groups: 'groups' },
    },
    { egress, clock },
  );
  const within = <Result>(work: (inside: Inside) => Promise<Result>): Promise<Result> =>
    together(stores.database, (inside) => work(inside as unknown as Inside));
  const ended = async (end: (inside: Inside) => Promise<readonly string[]>): Promise<void> =>
    void recorded.push(`ended ${(await within(end)).join()}`);
  const onAway = (detail: string): void => void recorded.push(`away ${detail}`);
  const confirming = confirmingBy(
    { everyMs: 5 * MINUTE, withoutMs: HOUR },
    { provider: asked, sessions, people, clock, ended, onAway },
  );
  const firstToken: FirstToken = {
    isToken: async (given) => given === token.now,
    mark: async () => markOf(token.now),
    file: undefined,
  };
  const firstLink = new FirstLink(clock, randomBytes);
  const handle = createPages(
    {
      ...stores,
      checks,
      randomBytes,
      addressOf: peerAddressOf,
      origin: ownOrigin({ publicUrl: undefined, isTls: false, isLoopback: true }),
      cookies: { isSecure: false },
      maxAgeMs: 12 * HOUR,
      firstToken,
      firstLink,
      provider: { provider: asked, confirming, recheckMs: 5 * MINUTE },
      record: {
        async loggedIn(begin, by) {
          const session = await within(begin);
          recorded.push(`in ${session.person} ${by}`);
          return session;
        },
        refused: (who, _address, why) => void recorded.push(`refused ${who} ${why}`),
        async loggedOut({ person }, end) {
          await within(end);
          recorded.push(`out ${person}`);
        },
        async ended(end, why) {
          const names = await within(end);
          if (names.length > 0) recorded.push(`ended ${names.join()} ${why}`);
        },
        async taken(take) {
          const person = await within(take);
          if (person?.wasAnother === true) recorded.push(`another ${person.name}`);
          return person;
        },
      },
      onProviderFault: onAway,
      limited: (account) => void recorded.push(`limited ${account}`),
    },
    (path, error) => console.error(path, error),
  );
  const server: Server = createServer((request, response) => {
    if (!handle(request, response)) response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  await people.addLocal('local:bob', await hashNewPassword(PASSWORD, randomBytes), [], clock.nowMs);
  return {
    url,
    stores,
    provider,
    recorded,
    firstLink,
    changeFirstToken: (next) => void (token.now = next),
    logIn: (browser, more = {}, sent = {}) =>
      browser.open(`${url}/login`, { form: { name: 'bob', password: PASSWORD, ...more }, ...sent }),
    who: async (browser) => (await sessions.present(browser.cookie(url, COOKIE) ?? ''))?.person,
    async close() {
      server.closeAllConnections();
      server.close();
      checks.close();
      await provider.close();
      await stores.database.close();
    },
  };
}
