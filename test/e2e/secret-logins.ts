import { Browser } from '../people/browser.ts';
import type { Page } from '../people/browser.ts';
import type { SecretPlane } from './secret-plane.ts';

/** Shortest is the code that people type. */
const CODE_LENGTH = 8;

/** Makes all that lets people and programs in, and shows it where it belongs, and where it is not known. */
export async function logInEverywhere(plane: SecretPlane): Promise<void> {
  const { ask, mark, markers } = plane;
  const password = mark('password of a local user');
  await ask('PeopleService/CreateUser', { name: 'bob', password });
  const login = await ask('PeopleService/LogIn', { name: 'bob', password }, '', false);
  markers.know('token of a session', login['token']);
  await ask('PeopleService/LogIn', { name: 'bob', password: mark('wrong password') }, '');
  // Some type it where their name belongs.
  await ask('PeopleService/LogIn', { name: mark('password as a name'), password: 'x' }, '');
  await ask('PeopleService/WhoAmI', {}, login['token'] as string);
  await ask('ResourceService/Get', { kind: 'Secret', name: 'ldap' }, login['token'] as string);
  await ask('ResourceService/List', {}, mark('a wrong token'));
  const access = await ask('TokenService/CreateAccessToken', { name: 'ci' }, login['token'] as string, false);
  markers.know('an access token', access['token']);
  await ask('ResourceService/List', {}, access['token'] as string);
  await joinAsSidecar(plane);
  const browser = await logInByBrowser(plane, password);
  await letProgramsIn(plane, browser);
  await logInByProvider(plane);
}

async function joinAsSidecar({ ask, markers }: SecretPlane): Promise<void> {
  const scope = { namespaces: ['other'] };
  const joining = await ask('SidecarService/CreateSidecarToken', { name: 'edge', scope }, undefined, false);
  markers.know('a join token', joining['token']);
  const joined = await ask('SyncService/Join', { node: 'edge-1', version: '1' }, joining['token'] as string, false);
  markers.know('credential of a sidecar', joined['credential']);
}

async function logInByBrowser({ control, keep, markers }: SecretPlane, password: string): Promise<Browser> {
  const browser = new Browser();
  const { url } = control;
  keep('a page of login', (await browser.open(`${url}/login`, { form: { name: 'bob', password } })).text);
  markers.know('cookie of a session', browser.cookie(url, 'ostiary-session'));
  keep('a page of a session', (await browser.open(`${url}/login`)).text);
  return browser;
}

/** By a code that is typed, and by one that a browser brings to a listener; and by those that are wrong. */
async function letProgramsIn({ ask, control, keep, markers }: SecretPlane, browser: Browser): Promise<void> {
  const page = `${control.url}/login/program`;
  for (const redirectPort of [0, 9]) {
    const begun = await ask(
      'PeopleService/BeginLogin',
      { client: 'a program', redirectPort: redirectPort && 1029 },
      '',
      false,
    );
    markers.know(`device code ${redirectPort}`, begun['deviceCode']);
    markers.know(`login code ${redirectPort}`, begun['userCode'], CODE_LENGTH);
    const userCode = String(begun['userCode']);
    await ask('PeopleService/DescribeLogin', { userCode: userCode.toLowerCase() }, '');
    browser.stopsAt = 'http://127.0.0.1:1029';
    const decided: Page = await browser.open(page, { form: { code: userCode, answer: 'allow' } });
    browser.stopsAt = undefined;
    keep('a page of a program', decided.text);
    const code = redirectPort === 0 ? '' : (new URL(decided.url).searchParams.get('code') ?? '');
    if (redirectPort !== 0) markers.know('code that a browser brings', code);
    await ask('PeopleService/CompleteLogin', { deviceCode: begun['deviceCode'], code: 'a wrong one' });
    const done = await ask('PeopleService/CompleteLogin', { deviceCode: begun['deviceCode'], code }, '', false);
    if (redirectPort !== 0) markers.know('token of a program', done['token']);
    keep('a page of a used code', (await browser.open(page, { form: { code: userCode, answer: 'allow' } })).text);
  }
}

/** And by what the provider does not know, or while it is away. */
async function logInByProvider({ control, keep, mark, markers, provider }: SecretPlane): Promise<void> {
  const { url } = control;
  const open = async (): Promise<Browser> => {
    const browser = new Browser();
    keep('a page of a login by the provider', (await browser.open(`${url}/login/start`)).text);
    return browser;
  };
  const browser = await open();
  markers.know('cookie of a session by the provider', browser.cookie(url, 'ostiary-session'));
  const begun = new Browser();
  begun.stopsAt = `${url}/login/callback`;
  const back = await begun.open(`${url}/login/start`);
  markers.know('cookie of a login', begun.cookie(url, 'ostiary-login'));
  // Another browser brings it.
  keep('a page of a foreign code', (await new Browser().open(back.url)).text);
  provider.returned = { code: mark('a wrong code of the provider') };
  await open();
  provider.returned = { error: 'access_denied', error_description: mark('an error of the provider') };
  await open();
  provider.returned = {};
  provider.claims = { email: 'alice@example.com', email_verified: false };
  await open();
  begun.stopsAt = undefined;
  provider.isAway = true;
  keep('a page while the provider is away', (await begun.open(back.url)).text);
  provider.isAway = false;
  provider.issued.forEach((issued, at) => markers.know(`issued by the provider ${at}`, issued));
}
