import { describe, expect, test } from 'vitest';
import { commands } from '../../src/cli/commands.ts';
import { flagName } from '../../src/flags.ts';
import type { Flag } from '../../src/flags.ts';
import { runMain } from './run-main.ts';

const loaded = await Promise.all(
  [...commands].map(async ([name, entry]) => {
    const { flags, maxArguments } = (await entry.load()).command;
    return { name, flags, maxArguments };
  }),
);
const everyFlag = loaded.flatMap(({ name, flags }) => {
  return Object.entries(flags).map(([key, flag]) => ({ command: name, flag: flagName(key), of: flag }));
});
/** Makes the arguments complete, so that the flag is what is wrong. */
const NEEDED: Readonly<Record<string, readonly string[]>> = {
  analytics: ['query'],
  counters: ['get', 'orders'],
  generate: ['bootstrap'],
};

describe('an environment variable', () => {
  test('belongs to one flag, whichever commands have it', () => {
    const owners = new Map<string, Set<Flag<unknown>>>();
    for (const { of } of everyFlag) {
      if (of.variable !== undefined) owners.set(of.variable, (owners.get(of.variable) ?? new Set()).add(of));
    }
    expect(owners.size).toBeGreaterThan(20);
    expect([...owners].filter(([, flags]) => flags.size > 1).map(([variable]) => variable)).toEqual([]);
  });

  test('of a service has no effect on what is generated', async () => {
    const targets = ['envoyfilter', 'bootstrap', 'extension-provider', 'mesh-config'].map((target) => [target]);
    const others = [
      ['security-policy', '--target', 'Gateway/eg'],
      ['flex', '--target', 'ApiInstance/orders'],
    ];
    const sidecar = ['injection-template', '--ostiary', 'unix:/run/ostiary/ostiary.sock'];
    for (const argv of [...targets, ...others, sidecar]) {
      const variables = everyFlag.map(({ flag }) => `OSTIARY_${flag.replaceAll('-', '_').toUpperCase()}`);
      const environment = Object.fromEntries(variables.map((variable) => [variable, 'http://from.the.environment']));
      const [plain, inherited] = [
        await runMain(['generate', ...argv]),
        await runMain(['generate', ...argv], environment),
      ];
      expect(inherited).toEqual(plain);
      expect(plain.code).toBe(0);
    }
  });
});

describe('what has no effect is refused:', () => {
  test.each(loaded)('an argument too many of $name', async ({ name, maxArguments }) => {
    if (maxArguments === Infinity) return;
    const { code, stderr } = await runMain([name, ...Array.from({ length: maxArguments }, () => 'x'), 'extra']);
    const remedy = ['apply', 'diff'].includes(name)
      ? `files are named by -f: ostiary ${name} -f extra`
      : `see ostiary ${name} --help`;
    expect({ code, stderr }).toEqual({ code: 2, stderr: `ostiary: unexpected argument "extra": ${remedy}\n` });
  });

  test.each(everyFlag.filter(({ of }) => of.placeholder !== undefined))(
    'an empty value of $command --$flag',
    async ({ command, flag, of }) => {
      const { code, stderr } = await runMain([command, ...(NEEDED[command] ?? []), `--${flag}=`]);
      expect(code).toBe(2);
      expect(stderr).toMatch(new RegExp(`^ostiary: --${flag} (?:is ""|has no effect)`));
      expect(() => of.parse([''])).toThrow(/expected/);
    },
  );

  test.each(everyFlag.filter(({ of }) => of.placeholder !== undefined && !of.repeatable && of.variable === undefined))(
    '$command --$flag twice',
    async ({ command, flag }) => {
      const { code, stderr } = await runMain([command, ...(NEEDED[command] ?? []), `--${flag}=1`, `--${flag}=1`]);
      expect({ code, stderr }).toEqual({ code: 2, stderr: `ostiary: --${flag} is given twice: it takes one value\n` });
    },
  );

  test.each([
    [['generate', 'bootstrap', '--placement', 'gateway'], '--placement has no effect in ostiary generate bootstrap'],
    [['generate', 'flex', '--namespace', 'shop'], '--namespace has no effect in ostiary generate flex'],
    [['generate', 'envoyfilter', '--timeout', '0s'], '--timeout is "0s": expected a duration from 1ms to 24h'],
    [['generate', 'envoyfilter', '--namespace', 'A B'], '--namespace is "A B": expected a namespace'],
    [['generate', 'envoyfilter', '--name', 'Ostiary'], '--name is "Ostiary": expected a name of Kubernetes'],
    [['generate', 'bootstrap', '--api', 'a b'], '--api is "a b": expected the name of an Api'],
    [
      ['generate', 'bootstrap', '--api', 'shop/team/orders'],
      '--api is "shop/team/orders": expected the name of an Api',
    ],
    [
      ['generate', 'bootstrap', '--api', 'default/orders'],
      '--api is "default/orders": the default namespace is left out',
    ],
    [['generate', 'envoyfilter', '--route-api', '80=a b'], '--route-api is "80=a b": expected the name of an Api'],
    [['generate', 'envoyfilter', '--selector', 'app'], '--selector is "app": expected LABEL=VALUE'],
    [['generate', 'bootstrap', '--upstream', 'a b:1'], '--upstream is "a b:1": expected'],
    [
      ['generate', 'envoyfilter', '--routes-only', '--api', 'orders', '--timeout', '1s'],
      '--timeout has no effect in ostiary generate envoyfilter',
    ],
    [['generate', 'bootstrap', '--upstream', '999.1.1.1:80'], '--upstream is "999.1.1.1:80": expected host:port'],
    [['generate', 'bootstrap', '--ostiary', 'http://x:9191'], '--ostiary is "http://x:9191": expected host:port'],
    [['generate', 'bootstrap', '--ostiary', 'a:1,a:1'], '--ostiary names an address twice'],
    [['generate', 'bootstrap', '--ostiary', 'a:1,unix:/x'], '--ostiary is "a:1,unix:/x": a socket is the only address'],
    [
      ['generate', 'injection-template', '--ostiary', 'unix:/x', '--extra-arg=--log-levl=info'],
      'unknown flag --log-levl',
    ],
    [
      ['generate', 'injection-template', '--ostiary', 'unix:/x', '--extra-arg=x'],
      '--extra-arg is "x": expected a flag',
    ],
    [['counters', 'get', 'orders', '--api', 'http://127.0.0.1:1/path'], '--api is http://127.0.0.1:1/path: expected'],
    [['--frobnicate'], 'a command comes first, and --frobnicate is a flag'],
    [['check', '--source-address', '999.1.1.1'], '--source-address is "999.1.1.1": expected an IP address'],
    [['check', '--path', 'orders'], '--path is "orders": expected a path that begins with "/"'],
    [['check', '--method', 'G T'], '--method is "G T": expected a method'],
    [['check', '--header', 'a b: c'], '--header is "a b: c": expected "NAME: VALUE"'],
    [['check', 'request.json', '--path', '/orders'], '--path has no effect here: the request is that of request.json'],
    [['check', '--api', 'unix:/x', '--policies', 'p'], '--policies has no effect here: the service at --api'],
    [['check', '--api-token-file', 'f'], '--api-token-file has no effect here: no service is asked'],
    [
      ['check', '--context-extension', 'a=1', '--context-extension', 'a=2'],
      '--context-extension is "a=2": "a" is given twice',
    ],
    [['generate', 'envoyfilter', '--selector', 'a=1', '--selector', 'a=2'], '--selector is "a=2": "a" is given twice'],
    [['counters', 'get', 'orders', '--client', 'a', '--key', 'b'], '--client and --key exclude each other'],
    [['serve', '--listen-mode', '0600'], '--listen-mode has no effect'],
    [['serve', '--api-listen-mode', '0600'], '--api-listen-mode has no effect'],
    [['serve', '--store-timeout', '0s'], '--store-timeout is "0s": expected a duration from 1ms'],
  ])('%j', async (argv, said) => {
    const { code, stdout, stderr } = await runMain(argv);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(`ostiary: ${said}`);
    expect(stderr.trim().split('\n')).toHaveLength(1);
  });
});

describe('help', () => {
  test.each(loaded)('of $name tells every flag, and how it is used', async ({ name, flags }) => {
    const { code, stdout, stderr } = await runMain([name, '--help']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    for (const key of Object.keys(flags)) expect(stdout).toContain(`\n  --${flagName(key)}`);
    expect(stdout).toContain(`Usage:\n  ostiary ${name}`);
    expect(await runMain(['help', name])).toEqual({ code, stdout, stderr });
    expect(await runMain([name, '-h'])).toEqual({ code, stdout, stderr });
  });

  test('of serve has a title above each part of its many flags', async () => {
    const { stdout } = await runMain(['serve', '--help']);
    const titles = [...stdout.slice(stdout.indexOf('Documents:')).matchAll(/^([A-Z][a-z ]+):$/gm)].map(
      ([, title]) => title,
    );
    expect(titles).toEqual([
      'Documents',
      'Documents of a control plane',
      'Listeners',
      'How a request is read',
      'Bounds',
      'Quota',
      'Analytics',
      'Start and end',
      'Log',
    ]);
  });

  test('of one target of generate tells its flags alone', async () => {
    const { stdout } = await runMain(['generate', 'bootstrap', '--help']);
    expect(stdout).toContain('--upstream');
    expect(stdout).not.toContain('--placement');
  });

  test('has no line that a terminal of 100 columns breaks', async () => {
    const helps = await Promise.all(
      [...loaded.map(({ name }) => [name, '--help']), ['--help']].map((argv) => runMain(argv)),
    );
    const long = helps.flatMap(({ stdout }) => stdout.split('\n')).filter((line) => line.length > 100);
    expect(long).toEqual([]);
  });
});

describe('a misspelt word', () => {
  test.each([
    [['validat'], 'there is no command "validat": did you mean "validate"?'],
    [['help', 'servee'], 'there is no command "servee": did you mean "serve"?'],
    [['frobnicate'], 'there is no command "frobnicate": see ostiary --help'],
    [['generate', 'bootstrp'], 'did you mean "bootstrap"?'],
    [['check', '--hots', 'a'], 'unknown flag --hots: did you mean --host?'],
  ])('%j gets a suggestion', async (argv, said) => {
    const { code, stdout, stderr } = await runMain(argv);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(said);
  });
});
