import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildConsole } from '../console/built.ts';
import { startControlPlane } from '../real/control-plane.ts';
import type { RealControlPlane } from '../real/control-plane.ts';
import type { RealKeycloak } from '../real/keycloak.ts';
import { realPart } from '../real/parts.ts';
import { freePort, scratchFolder } from '../real/scratch.ts';

const REALM = 'console';
const SECRET = 'for tests alone';
const PASSWORD = 'for tests alone';

/** A realm whose people open the console in a real browser. */
export function consoleOpens(started: () => RealKeycloak): void {
  let control: RealControlPlane;
  let browser: Browser;

  beforeAll(async () => {
    await buildConsole();
    const keycloak = started();
    const port = await freePort();
    await keycloak.admin('POST', '', { realm: REALM, enabled: true, sslRequired: 'none' });
    await keycloak.admin('POST', `/${REALM}/clients`, {
      clientId: 'ostiary',
      secret: SECRET,
      redirectUris: [`http://127.0.0.1:${port}/login/callback`],
      attributes: { 'pkce.code.challenge.method': 'S256' },
    });
    await keycloak.admin('POST', `/${REALM}/users`, {
      username: 'alice',
      email: 'alice@example.com',
      emailVerified: true,
      firstName: 'Alice',
      lastName: 'Example',
      enabled: true,
      credentials: [{ type: 'password', value: PASSWORD, temporary: false }],
    });
    const folder = scratchFolder('keycloak-console');
    const secretFile = join(folder, 'secret');
    writeFileSync(secretFile, `${SECRET}\n`, { mode: 0o600 });
    control = await startControlPlane(join(folder, 'data'), `127.0.0.1:${port}`, {
      args: [
        `--oidc-issuer=${keycloak.url}/realms/${REALM}`,
        '--oidc-client-id=ostiary',
        `--oidc-client-secret-file=${secretFile}`,
      ],
    });
    const executablePath = await realPart('chromium');
    browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-dev-shm-usage'] });
  });
  afterAll(async () => {
    await browser?.close();
    await control?.stop();
  });

  test('come back to the view that they have opened, and log out again', async () => {
    const page = await browser.newPage();
    await page.goto(`${control.url}/catalog?q=orders`);
    await page.getByRole('link', { name: /^Log in by 127\.0\.0\.1/ }).click();
    await page.locator('#username').fill('alice');
    await page.locator('#password').fill(PASSWORD);
    await page.locator('#kc-login').click();
    await page.getByRole('button', { name: 'alice@example.com' }).waitFor();
    expect(page.url()).toBe(`${control.url}/catalog?q=orders`);
    await page.getByRole('button', { name: 'alice@example.com' }).click();
    await page.getByRole('button', { name: 'Log out' }).click();
    await page.getByRole('heading', { name: 'Log in' }).waitFor();
    await page.goto(`${control.url}/catalog`);
    await page.getByRole('heading', { name: 'Log in' }).waitFor();
  });
}
