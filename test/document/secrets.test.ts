import { describe, expect, it } from 'vitest';
import { secretsNamedIn } from '../../src/document/secrets.ts';
import { compileFolder, document, faultsOf, made, snapshotOf, warningsOf, writeFolder } from './documents.ts';

const api = (config: object, metadata: object = {}) =>
  document('Api', 'a', { policies: [{ policyRef: { name: 'gate' }, config }] }, metadata);
const secret = (data: object, metadata: object = {}) => document('Secret', 's', { data }, metadata);
const optionsOf = () => made.at(-1)?.options as { readonly text: string; readonly number?: number };

describe('a Secret', () => {
  it('is read by the documents of its namespace, as a whole text, within one, and as a number', async () => {
    const data = { key: { value: 'hunter2' }, count: { value: '7' }, env: { value: '$SECRET' } };
    await snapshotOf({ 'a.json': [api({ text: '${secret:s/key}', number: '${secret:s/count}' }), secret(data)] });
    expect(optionsOf()).toMatchObject({ text: 'hunter2', number: 7 });
    await snapshotOf({ 'a.json': [api({ text: 'Basic ${secret:s/key}, ${secret:s/env}' }), secret(data)] });
    expect(optionsOf().text).toBe('Basic hunter2, from the environment');
    await snapshotOf({ 'a.json': [api({ text: '$${secret:s/key}' })] });
    expect(optionsOf().text).toBe('${secret:s/key}');
  });

  it('is read of a file beside its document', async () => {
    const folder = writeFolder({ 'key.txt': 'of a file\n' });
    writeFolder({ 'a.json': [api({ text: '${secret:s/key}' }), secret({ key: { file: 'key.txt' } })] }, folder);
    const compiled = await compileFolder(folder);
    expect(compiled.snapshot).toBeDefined();
    expect(optionsOf().text).toBe('of a file');
  });

  it('is told apart by what is wrong with a reference to it', async () => {
    const faults = (text: string, more: object[] = []) => faultsOf({ 'a.json': [api({ text }), ...more] });
    const one = [secret({ password: { value: 'hunter2' } })];
    expect(await faults('${secret:s/password}')).toEqual([expect.stringMatching(/there is no Secret of this name$/)]);
    expect(
      await faults('${secret:lda/password}', [
        document('Secret', 'ldap', { data: { password: { value: 'hunter2' } } }),
      ]),
    ).toEqual([expect.stringMatching(/config\.text: there is no Secret of this name; did you mean "ldap"\?$/)]);
    expect(await faults('${secret:s/pasword}', one)).toEqual([
      expect.stringMatching(/the Secret s has no key of this name; did you mean "password"\?$/),
    ]);
    expect(await faults('x ${secret:s}', one)).toEqual([expect.stringMatching(/expected \$\{secret:NAME\/KEY\}/)]);
    expect(await faults('${secret:other/s/password}', one)).toEqual([expect.stringMatching(/expected \$\{secret:/)]);
    const elsewhere = [secret({ password: { value: 'hunter2' } }, { namespace: 'shop' })];
    expect(await faults('${secret:s/password}', elsewhere)).toEqual([
      expect.stringMatching(/there is no Secret of this name in this namespace; "shop\/s" is of another one$/),
    ]);
  });

  it('is checked itself', async () => {
    const faults = (data: object) => faultsOf({ 'a.json': [api({}), secret(data)] });
    expect(await faults({})).toEqual([expect.stringMatching(/spec\.data: expected at least one key$/)]);
    expect(await faults({ 'a b': { value: 'x' } })).toEqual([expect.stringMatching(/expected letters and digits/)]);
    expect(await faults({ a: {} })).toEqual([expect.stringMatching(/spec\.data\.a: expected value$/)]);
    expect(await faults({ a: 'hunter2' })).toEqual([expect.stringMatching(/spec\.data\.a: expected a mapping/)]);
    expect(await faults({ a: { value: '$NONE' } })).toEqual([expect.stringMatching(/NONE is not set/)]);
    expect(await faults({ a: { file: 'none' } })).toEqual([
      expect.stringMatching(/data\.a\.file: its file: there is no/),
    ]);
    expect(await faults({ a: { value: 'x', file: 'y' } })).toEqual([
      expect.stringMatching(/expected one of value and file$/),
    ]);
  });

  it('is not in the message of a policy that refuses it, nor in an expression, and changes the version', async () => {
    const data = (value: string) => secret({ key: { value } });
    expect(await faultsOf({ 'a.json': [api({ refuse: true, text: '${secret:s/key}' }), data('hunter2')] })).toEqual([
      expect.stringMatching(/refused with \$\{secret:s\/key\}$/),
    ]);
    const versionOf = async (value: string) =>
      (await snapshotOf({ 'a.json': [api({ text: '${secret:s/key}' }), data(value)] })).version;
    const [one, two, again] = [await versionOf('hunter2'), await versionOf('hunter3'), await versionOf('hunter2')];
    expect(one).not.toBe(two);
    expect(again).toBe(one);
  });

  it('without its value is a fault of what refers to it alone', async () => {
    const faults = (entry: object) =>
      faultsOf({ 'a.json': [api({ text: '${secret:s/key}' }), secret({ key: entry })] });
    const digest = '0123456789abcdef';
    expect(await faults({ digest, sealed: 'x.y' })).toEqual([expect.stringMatching(/--secrets-key-file$/)]);
    expect(await faults({ digest })).toEqual([expect.stringMatching(/is not on this disk/)]);
    expect(await faults({ digest, opened: '$not a reference' })).toEqual([]);
    expect(optionsOf().text).toBe('$not a reference');
  });

  it('is found where a document refers to it, and not where it is written as text', () => {
    const named = (text: string) => secretsNamedIn(api({ text }));
    expect(named('${secret:a/b} and ${secret:c/d}, ${secret:a/e}')).toEqual(['a', 'c']);
    expect(named('$${secret:a/b}')).toEqual([]);
    expect(secretsNamedIn(document('Contract', 'c', { api: '${secret:a/b}' }))).toEqual([]);
  });

  it('leaves a variable that nobody knows here for those who do', async () => {
    const unknown = { unset: () => undefined };
    const folder = (config: object) => ({ 'a.json': [api(config)] });
    expect(await faultsOf(folder({ text: '$NONE', number: '${NONE}' }), unknown)).toEqual([]);
    expect(await warningsOf(folder({ number: '$NONE' }), unknown)).toContainEqual(
      expect.stringMatching(
        /warning: .*config\.number: is the environment variable NONE of each sidecar.*--allow-env NONE$/,
      ),
    );
    expect(await faultsOf(folder({ text: '$NONE', other: 1 }), unknown)).toEqual([
      expect.stringMatching(/config\.other: unknown field/),
    ]);
  });
});
