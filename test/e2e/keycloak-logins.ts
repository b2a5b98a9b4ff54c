import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { systemClock, systemTimers } from '../../src/clock.ts';
import { systemEgress } from '../../src/egress/system-egress.ts';
import { Provider } from '../../src/people/oidc/provider.ts';
import { Browser } from '../people/browser.ts';
import type { Page } from '../people/browser.ts';
import { startControlPlane } from '../real/control-plane.ts';
import type { RealControlPlane } from '../real/control-plane.ts';
import type { RealKeycloak } from '../real/keycloak.ts';
import { freePort, scratchFolder } from '../real/scratch.ts';
import { startTcpProxy } from '../real/tcp-proxy.ts';
import type { TcpProxy } from '../real/tcp-proxy.ts';

const REALM = 'people';
const SECRET = 'for tests alone';
const PASSWORD = 'for tests alone';

/** A realm whose people log in to a control plane. */
export function peopleLogIn(started: () => RealKeycloak): void {
  let keycloak: RealKeycloak;
  let network: TcpProxy;
  let control: RealControlPlane;
  /** Its provider is not asked again for an hour: it is told. */
  let told: RealControlPlane;
  let alice: string;
  let issuer: string;

  beforeAll(async () => {
    keycloak = started();
    network = await startTcpProxy(Number(new URL(keycloak.url).port));
    issuer = `http://127.0.0.1:${network.port}/realms/${REALM}`;
    const ports = [await freePort(), await freePort()];
    await keycloak.admin('POST', '', { realm: REALM, enabled: true, sslRequired: 'none' });
    const mapper = {
      name: 'groups',
      protocol: 'openid-connect',
      protocolMapper: 'oidc-group-membership-mapper',
      config: {
        'claim.name': 'groups',
        'full.path': 'false',
        'id.token.claim': 'true',
        'userinfo.token.claim': 'true',
      },
    };
    for (const [at, port] of ports.entries()) {
      await keycloak.admin('POST', `/${REALM}/clients`, {
        clientId: `ostiary-${at}`,
        secret: SECRET,
        redirectUris: [`http://127.0.0.1:${port}/login/callback`, 'http://127.0.0.1:1/login/callback'],
        protocolMappers: [mapper],
        attributes: {
          'pkce.code.challenge.method': 'S256',
          'backchannel.logout.url': `http://127.0.0.1:${port}/login/backchannel-logout`,
          'backchannel.logout.session.required': 'true',
        },
      });
    }
    for (const name of ['developers', 'owners']) await keycloak.admin('POST', `/${REALM}/groups`, { name });
    for (const [username, emailVerified] of [
      ['alice', true],
      ['mallory', false],
    ] as const) {
      await keycloak.admin('POST', `/${REALM}/users`, {
        username,
        email: `${username}@example.com`,
        emailVerified,
        firstName: username,
        lastName: 'Example',
        enabled: true,
        groups: ['developers'],
        credentials: [{ type: 'password', value: PASSWORD, temporary: false }],
      });
    }
    alice = await idOf('users', 'username=alice');
    const secretFile = join(scratchFolder('keycloak-logins'), 'secret');
    writeFileSync(secretFile, `${SECRET}\n`, { mode: 0o600 });
    const flagsOf = (at: number, recheck: string) => [
      `--oidc-issuer=${issuer}`,
      `--oidc-client-id=ostiary-${at}`,
      `--oidc-client-secret-file=${secretFile}`,
      '--oidc-groups-claim=groups',
      `--session-recheck=${recheck}`,
    ];
    const start = (at: number, recheck: string) =>
      startControlPlane(join(scratchFolder('keycloak-logins'), 'data'), `127.0.0.1:${ports[at]}`, {
        args: flagsOf(at, recheck),
      });
    [control, told] = await Promise.all([start(0, '1s'), start(1, '1h')]);
  });
  afterAll(async () => {
    await Promise.all([control?.stop(), told?.stop()]);
    await network?.close();
  });

  const idOf = async (what: string, query: string): Promise<string> => {
    const [found] = (await keycloak.admin('GET', `/${REALM}/${what}?${query}`)) as { id: string }[];
    return found?.id ?? '';
  };
  const who = (browser: Browser, { url }: RealControlPlane = control) =>
    browser.call(`${url}/ostiary.v1.PeopleService/WhoAmI`);
  /** Fills in Keycloak's own form where it shows one. */
  const through = async (browser: Browser, page: Page, username = 'alice'): Promise<Page> => {
    const action = /action="([^"]+)"/.exec(page.text)?.[1]?.replaceAll('&amp;', '&');
    if (action === undefined || page.url.startsWith(control.url)) return page;
    return browser.open(action, { form: { username, password: PASSWORD } });
  };
  const logIn = async ({ url }: RealControlPlane = control, username = 'alice') => {
    const browser = new Browser();
    const page = await through(browser, await browser.open(`${url}/login/start`), username);
    return { browser, page };
  };
  const inGroup = async (method: string, group: string) =>
    keycloak.admin(method, `/${REALM}/users/${alice}/groups/${await idOf('groups', `search=${group}`)}`);

  test('log in, with the groups that they are in, unless nobody has verified their address', async () => {
    const { browser, page } = await logIn();
    expect([page.status, page.url]).toEqual([200, `${control.url}/login`]);
    expect(page.text).toContain('user:alice@example.com');
    expect((await who(browser)).body).toMatchObject({
      name: 'user:alice@example.com',
      member: 'alice@example.com',
      groups: ['developers'],
    });
    const refused = await logIn(control, 'mallory');
    expect([refused.page.status, refused.page.text.includes('email_verified')]).toEqual([403, true]);
    // Without a page of ours that asks, a cookie is worth nothing.
    const { url } = control;
    expect(
      (await browser.call(`${url}/ostiary.v1.PeopleService/WhoAmI`, { origin: 'https://evil.example.com' })).status,
    ).toBe(403);
    expect((await browser.call(`${url}/ostiary.v1.PeopleService/WhoAmI`, { 'x-ostiary-csrf': '' })).status).toBe(403);
  });

  test('have other groups once they are changed, without another login', async () => {
    const { browser } = await logIn();
    await inGroup('PUT', 'owners');
    await expect
      .poll(async () => (await who(browser)).body['groups'], { interval: 500, timeout: 20_000 })
      .toEqual(['developers', 'owners']);
    await inGroup('DELETE', 'owners');
    await expect
      .poll(async () => (await who(browser)).body['groups'], { interval: 500, timeout: 20_000 })
      .toEqual(['developers']);
  });

  test('are out when their session is revoked: asked for at the next refresh, or told at once', async () => {
    const [asking, listening] = [await logIn(), await logIn(told)];
    expect([(await who(asking.browser)).status, (await who(listening.browser, told)).status]).toEqual([200, 200]);
    await keycloak.admin('POST', `/${REALM}/users/${alice}/logout`);
    await expect.poll(async () => (await who(asking.browser)).status, { interval: 500, timeout: 20_000 }).toBe(401);
    await expect
      .poll(async () => (await who(listening.browser, told)).status, { interval: 500, timeout: 20_000 })
      .toBe(401);
  });

  test('stay in while the provider is away', async () => {
    const { browser } = await logIn();
    network.cut();
    await new Promise((resolve) => setTimeout(resolve, 1500));
    expect((await who(browser)).body).toMatchObject({ name: 'user:alice@example.com' });
    await expect.poll(() => control.output(), { timeout: 10_000 }).toContain("the provider can't be asked");
    network.restore();
    expect((await who(browser)).status).toBe(200);
    expect((await logIn()).page.text).toContain('user:alice@example.com');
  });

  test('log in when its keys have changed', async () => {
    await logIn();
    const { id } = (await keycloak.admin('GET', `/${REALM}`)) as { id: string };
    const type = 'org.keycloak.keys.KeyProvider';
    const before = (await keycloak.admin('GET', `/${REALM}/components?parent=${id}&type=${type}`)) as {
      id: string;
      providerId: string;
    }[];
    await keycloak.admin('POST', `/${REALM}/components`, {
      name: 'next',
      providerId: 'rsa-generated',
      providerType: type,
      parentId: id,
      config: { priority: ['200'], enabled: ['true'], active: ['true'], keySize: ['2048'], algorithm: ['RS256'] },
    });
    await keycloak.admin(
      'DELETE',
      `/${REALM}/components/${before.find(({ providerId }) => providerId === 'rsa-generated')?.id}`,
    );
    const { browser, page } = await logIn();
    expect([page.status, (await who(browser)).status]).toEqual([200, 200]);
  });

  test('log in where clocks differ by less than a minute, and are told where they differ by more', async () => {
    const { egress } = systemEgress({ variables: {}, allow: ['127.0.0.1'], timers: systemTimers });
    const exchanged = async (aheadMs: number) => {
      const clock = { ...systemClock, now: () => systemClock.now() + aheadMs };
      const options = { issuer, clientId: 'ostiary-0', clientSecret: async () => SECRET, scopes: 'openid email' };
      const provider = new Provider({ ...options, claims: { user: 'email', groups: undefined } }, { egress, clock });
      const [state = '', nonce = '', verifier = ''] = [1, 2, 3].map(() => randomBytes(32).toString('base64url'));
      const binding = { redirectUri: 'http://127.0.0.1:1/login/callback', state, nonce, verifier };
      const browser = new Browser();
      browser.stopsAt = binding.redirectUri;
      const page = await browser.open((await provider.authorizationUrl(binding)).href);
      const back = page.status === 0 ? page : await through(browser, page);
      return provider.exchange(new URL(back.url).searchParams, binding);
    };
    for (const aheadMs of [-45_000, 0, 45_000]) {
      expect(await exchanged(aheadMs)).toMatchObject({ person: { name: 'user:alice@example.com' } });
    }
    await expect(exchanged(3_600_000)).rejects.toThrow('do its clock and that of the control plane differ?');
  });
}
