import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runMain } from '../cli/run-main.ts';
import { document, writeFolder } from '../document/documents.ts';
import { startControlPlane } from '../real/control-plane.ts';
import type { RealControlPlane } from '../real/control-plane.ts';
import { scratchFolder } from '../real/scratch.ts';

describe('ostiary secret', () => {
  const folder = join(scratchFolder('secret-commands'), 'data');
  let control: RealControlPlane;
  let printed = '';

  beforeAll(async () => {
    const keyFile = join(scratchFolder('secret-commands-key'), 'secrets.key');
    writeFileSync(keyFile, randomBytes(32).toString('base64'), { mode: 0o600 });
    mkdirSync(folder);
    control = await startControlPlane(folder, undefined, { args: ['--secrets-key-file', keyFile] });
  });
  afterAll(() => control?.stop());

  const ostiary = async (...argv: string[]) => {
    const told = await runMain(argv, control.env);
    printed += told.stdout + told.stderr;
    return told;
  };
  const fileWith = (value: string | Buffer): string => {
    const file = join(scratchFolder('secret-value'), 'value');
    writeFileSync(file, value);
    return file;
  };

  test('sets values from files and standard input, keeps the other keys, and prints no value', async () => {
    const made = await ostiary('secret', 'set', 'ldap', `password=@${fileWith('marker-one\n')}`, '--reason', 'new');
    expect(made).toEqual({ code: 0, stdout: 'secret/ldap created (revision 1)\n', stderr: '' });
    expect((await ostiary('secret', 'set', 'ldap', `user=@${fileWith('$marker-two ${HOME}')}`)).stdout).toContain(
      'changed',
    );
    expect((await ostiary('secret', 'set', 'ldap', `user=@${fileWith('$marker-two ${HOME}\r\n')}`)).stdout).toContain(
      'unchanged',
    );
    const told = execFileSync(process.execPath, ['src/main.ts', 'secret', 'set', 'ldap', 'token=-'], {
      input: 'marker-three\n',
      env: { ...process.env, ...control.env },
      encoding: 'utf8',
    });
    expect(told).toContain('secret/ldap changed');
    expect((await ostiary('secret', 'list')).stdout).toMatch(
      /^NAMESPACE .*KEYS.*\n─.*\ndefault +ldap +password, token, user /,
    );
    const dry = await ostiary('secret', 'set', 'ldap', `more=@${fileWith('marker-four')}`, '--dry-run', '-o', 'json');
    expect(JSON.parse(dry.stdout)).toMatchObject({ dryRun: true, results: [{ effect: 'changed' }] });
    expect((await ostiary('get', 'secret', 'ldap', '-o', 'yaml')).stdout).not.toContain('more');
    expect(printed + told).not.toMatch(/marker/);
  });

  test('removes keys, and all of it where nothing needs it', async () => {
    expect((await ostiary('secret', 'delete', 'ldap', 'tokn')).stderr).toContain(
      'has no key "tokn"; did you mean "token"?',
    );
    expect((await ostiary('secret', 'delete', 'ldap', 'token')).stdout).toContain('secret/ldap changed');
    expect((await ostiary('secret', 'delete', 'ldap', 'password', 'user')).stderr).toContain(
      'nothing would be left: ostiary secret delete ldap removes all of it',
    );
    const reading = document('Webhook', 'ops', {
      url: 'https://hooks.example.com/${secret:ldap/password}',
      format: 'slack',
    });
    await ostiary('apply', '-f', writeFolder({ 'a.json': [reading] }));
    for (const argv of [['password'], []]) {
      const refused = await ostiary('secret', 'delete', 'ldap', ...argv);
      expect(refused.code).toBe(1);
      expect(refused.stderr).toMatch(/Webhook default\/ops|webhook\/ops/i);
    }
    expect((await ostiary('delete', 'webhook', 'ops')).code).toBe(0);
    expect((await ostiary('secret', 'delete', 'ldap')).stdout).toMatch(/^secret\/ldap deleted/);
    expect((await ostiary('secret', 'delete', 'ldap')).code).toBe(1);
  });

  test('what is called wrongly is told, without the value', async () => {
    const refused = async (...argv: string[]): Promise<string> => {
      const { code, stdout, stderr } = await ostiary('secret', ...argv);
      expect([code === 1 || code === 2, stdout]).toEqual([true, '']);
      return stderr;
    };
    const file = fileWith('marker-five');
    expect(await refused('set', 'x', 'key=marker-six')).toContain(
      'the value of "key" is no argument: write it to a file and give key=@FILE, or pass it on standard input with key=-',
    );
    expect(await refused('set', 'x', 'marker')).toContain('is no argument');
    expect(await refused('set', 'x')).toContain('which key? ostiary secret set x KEY=@FILE, or KEY=-');
    expect(await refused('set')).toContain('which Secret?');
    expect(await refused('sett', 'x')).toContain('did you mean "set"?');
    expect(await refused('set', 'x', `a=@${file}`, `a=@${file}`)).toContain('the key "a" is given twice');
    expect(await refused('set', 'x', 'a=-', 'b=-')).toContain('standard input has one value');
    expect(await refused('set', 'x', 'a=@/nowhere/at-all')).toContain('/nowhere/at-all can not be read');
    expect(await refused('set', 'x', `a=@${fileWith('\n')}`)).toContain('is empty');
    expect(await refused('set', 'x', `a=@${fileWith(Buffer.from([0xff, 0xfe]))}`)).toContain('is not text in UTF-8');
    expect(await refused('set', 'x', `a b=@${file}`)).toContain('nothing was written');
    expect(await refused('list', 'x')).toContain('list takes no name');
    expect(printed).not.toMatch(/marker-(?:five|six)/);
  });
});
