import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runMain } from '../cli/run-main.ts';
import { Browser } from '../people/browser.ts';
import { startControlPlane } from '../real/control-plane.ts';
import type { RealControlPlane } from '../real/control-plane.ts';
import { runOstiary } from '../real/ostiary.ts';
import { scratchFolder } from '../real/scratch.ts';

const PASSWORD = 'correct horse battery';

describe('ostiary login by a browser', () => {
  let control: RealControlPlane;
  const browser = new Browser();

  beforeAll(async () => {
    control = await startControlPlane(join(scratchFolder('login-by-browser'), 'data'));
    await runMain(['user', 'create', 'bob'], control.env, PASSWORD);
    await browser.open(`${control.url}/login`, { form: { name: 'bob', password: PASSWORD } });
  });
  afterAll(() => control?.stop());

  /** With no program that opens a browser. */
  const begin = async (...flags: string[]) => {
    const home = scratchFolder('login-by-browser');
    const environment = { OSTIARY_SERVER: control.url, XDG_CONFIG_HOME: home, BROWSER: '' };
    const program = await runOstiary(['login', ...flags], environment);
    const seen = async (pattern: RegExp): Promise<string> => {
      await expect.poll(() => program.output(), { timeout: 20_000 }).toMatch(pattern);
      return pattern.exec(program.output())?.[1] ?? '';
    };
    const kept = (): Record<string, unknown> =>
      JSON.parse(readFileSync(join(home, 'ostiary/credentials.json'), 'utf8')) as Record<string, unknown>;
    return { program, environment, seen, kept };
  };

  test('on this machine gets the code on a port of its own', async () => {
    const { environment, kept, program, seen } = await begin();
    const url = await seen(/(http:\S+\/login\/program\?code=\S+)/);
    const asked = await browser.open(url);
    expect(asked.text).toContain('A program that calls itself <strong>ostiary on ');
    const code = new URL(url).searchParams.get('code') ?? '';
    const done = await browser.open(`${control.url}/login/program`, { form: { code, answer: 'allow' } });
    expect([done.status, done.text]).toEqual([200, 'You can close this page, and go back to the command line.\n']);
    await seen(/logged in to \S+ as (local:bob)/);
    await expect.poll(() => program.exitCode(), { timeout: 20_000 }).toBe(0);
    expect(kept()).toMatchObject({ servers: { [control.url]: { name: 'local:bob' } } });
    expect((await runMain(['whoami'], environment)).stdout).toContain('local:bob');
  });

  test('anywhere is told of a code to enter, and that it was refused', async () => {
    const { kept, program, seen } = await begin('--device');
    const code = await seen(/enter the code {2}(\S+)/);
    await browser.open(`${control.url}/login/program`, { form: { code, answer: 'refuse' } });
    await seen(/(it was refused in the browser)/);
    await expect.poll(() => program.exitCode(), { timeout: 20_000 }).toBe(1);
    expect(kept).toThrow();
    const again = await begin('--device');
    const other = await again.seen(/enter the code {2}(\S+)/);
    await browser.open(`${control.url}/login/program`, { form: { code: other, answer: 'allow' } });
    await again.seen(/logged in to \S+ as (local:bob)/);
    await expect.poll(() => again.program.exitCode(), { timeout: 20_000 }).toBe(0);
  });

  test('has no one else do anything by the cookie of the browser', async () => {
    const method = `${control.url}/ostiary.v1.PeopleService/WhoAmI`;
    expect((await browser.call(method)).body).toMatchObject({ name: 'local:bob' });
    expect((await browser.call(method, { origin: 'https://evil.example.com' })).status).toBe(403);
    expect((await browser.call(method, { origin: 'null' })).status).toBe(403);
    expect((await browser.call(method, { 'x-ostiary-csrf': '' })).status).toBe(403);
    expect((await browser.call(method, { authorization: 'Bearer x' })).status).toBe(401);
    // DNS rebinding: the page's own name stands for our address.
    const headers = { host: 'evil.example.com', 'content-type': 'application/json' };
    const rebound = Promise.withResolvers<number | undefined>();
    request(method, { method: 'POST', headers }, ({ statusCode }) => rebound.resolve(statusCode)).end('{}');
    expect(await rebound.promise).toBe(403);
  });
});
