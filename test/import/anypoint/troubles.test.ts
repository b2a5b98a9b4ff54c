import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { CONNECTED_APP } from './fake-platform.ts';
import { FROM, Importing } from './importing.ts';
import { ORGANIZATION } from './organization.ts';

const importing = new Importing();

describe('import anypoint', () => {
  test('waits for limits, renews a token that has ended, and follows no redirect with one', async () => {
    importing.platform.troubles.push(
      (_request, response) => (response.writeHead(503).end(), true),
      (_request, response) => (response.writeHead(429, { 'retry-after': '0' }).end(), true),
      (_request, response) => (
        response.writeHead(429, { 'x-ratelimit-reset': String(Date.now() / 1000 + 0.2) }).end(),
        true
      ),
      () => false,
      () => false,
      () => (importing.platform.tokens.clear(), false),
    );
    const { stderr, stdout } = await importing.fromUrl(...FROM);
    expect(stderr).toContain('answer 503: waiting 1 s');
    expect(stderr).toContain('answer 429: waiting 0 s');
    expect(stderr).toContain('answer 429: waiting 1 s');
    expect(stdout).toContain('api/prod/orders-api created');
    expect(importing.platform.asked.filter((path) => path.endsWith('/oauth2/token'))).toHaveLength(4 + 1);
    expect(importing.platform.asked).toContain(
      `/accounts/api/organizations/${ORGANIZATION}/environments?offset=1&limit=100`,
    );
    importing.platform.troubles.push(
      () => false,
      (_request, response) => (response.writeHead(302, { location: 'https://evil.example' }).end(), true),
    );
    expect(await importing.fromUrl(...FROM)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('answered 302') as string,
    });
  });

  test('says what is missing: a token that has ended, credentials, an organization, a part that is refused', async () => {
    const url = ['--url', importing.platform.url, '--server', importing.services.url];
    const whole = [...url, '--organization', ORGANIZATION];
    const stderrOf = async (argv: readonly string[], environment: Record<string, string>): Promise<string> =>
      (await importing.run(argv, environment)).stderr;
    expect(await stderrOf(whole, { ANYPOINT_TOKEN: 'old' })).toContain(
      '401: the token is wrong or has ended. Get a new one',
    );
    expect(await stderrOf(whole, {})).toContain('set ANYPOINT_TOKEN, or ANYPOINT_CLIENT_ID and ANYPOINT_CLIENT_SECRET');
    const wrong = { ...CONNECTED_APP, ANYPOINT_CLIENT_SECRET: 'wrong-secret' };
    expect(await stderrOf(whole, wrong)).toContain('are those of a connected app');
    expect(await stderrOf(whole, wrong)).not.toContain('wrong-secret');
    expect(await stderrOf(url, CONNECTED_APP)).toContain('--url needs --organization ID');
    expect(await stderrOf([...url, '--organization', '../../x'], CONNECTED_APP)).toContain(
      'is the organization id right?',
    );
    expect(await stderrOf(['--url', 'http://anypoint.mulesoft.com', '--organization', 'x'], CONNECTED_APP)).toContain(
      '--url is such as https://',
    );
    expect(await stderrOf([], CONNECTED_APP)).toContain('where from?');
    delete importing.platform.content.details[97];
    expect(await stderrOf(whole, CONNECTED_APP)).toMatch(/apis\/97 answered 404/);
    expect((await importing.services.registry.head()).revision).toBe(0);
  });

  test('hostile files end with a line that says where, and write nothing', async () => {
    const file = join(importing.folder, 'org.json');
    const told = async (value: unknown, ...more: readonly string[]): Promise<string> => {
      writeFileSync(file, typeof value === 'string' ? value : JSON.stringify(value));
      return (
        await importing.run([
          file,
          '--server',
          importing.services.url,
          '--apply',
          '--new-secrets',
          join(importing.folder, 'n'),
          ...more,
        ])
      ).stderr;
    };
    const organization = {
      format: 'ostiary anypoint 1',
      organizationId: 'x',
      environments: [],
      applications: [],
      automatedPolicies: [],
    };
    expect(await told('{')).toContain('is no JSON');
    expect(await told({})).toContain('expected "ostiary anypoint 1"');
    expect(await told({ ...organization, applications: [{ id: 1 }] })).toContain('applications[0].name');
    const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
    expect(await told(`{"format":"ostiary anypoint 1","x":${deep}}`)).toContain('more than 64 levels');
    const huge = 'ä/../'.repeat(2_000_000);
    const environments = [
      {
        id: 'e',
        name: 'Prod',
        apis: [
          { id: 1, name: huge, endpointUri: 'https://a.example.com/' },
          {
            id: 2,
            name: '../../etc/passwd',
            endpointUri: 'https://b.example.com/',
            policies: [{ assetId: huge, configurationData: {} }],
          },
          { id: '3"\n', name: '../../etc/passwd', endpointUri: 'https://c.example.com/../x' },
        ],
      },
    ];
    const hostile = {
      ...organization,
      environments,
      applications: [
        { id: 1, name: huge, clientId: 'a', clientSecret: 's' },
        { id: 2, name: '__proto__', clientId: 'a b' },
      ],
    };
    const stderr = await told(hostile);
    expect(stderr.length).toBeLessThan(20_000);
    expect(stderr).toContain('its client id can not be one here');
    const out = join(importing.folder, 'out', 'policies');
    await importing.run([file, '--out', out]);
    expect(existsSync(join(importing.folder, 'etc'))).toBe(false);
    const names = [...(await importing.state()).keys()];
    for (const name of names) expect(name.length).toBeLessThan(300);
  });
});
