import { describe, expect, it } from 'vitest';
import { resolveVariables } from '../../src/document/environment.ts';
import { document, faultsOf, made, snapshotOf } from './documents.ts';

const api = (config: object) => document('Api', 'a', { policies: [{ policyRef: { name: 'gate' }, config }] });

describe('variables in the config of a policy', () => {
  it('stand for whole texts, wherever they are, and never for parts of them', () => {
    const written = { a: '$SECRET', b: ['${SECRET}', { c: 'x $SECRET' }], d: '$$SECRET', e: '$$$', f: 'a$', g: 1 };
    expect(resolveVariables(written, { SECRET: 's' }).value).toEqual({
      a: 's',
      b: ['s', { c: 'x $SECRET' }],
      d: '$SECRET',
      e: '$$',
      f: 'a$',
      g: 1,
    });
  });

  it('are not read again from what they stand for', () => {
    expect(resolveVariables('$A', { A: '$B', B: 'x' }).value).toBe('$B');
  });

  it('know no names but their own', () => {
    for (const name of ['constructor', '__proto__', 'toString']) {
      expect(resolveVariables(`$${name}`, {}).issues[0]?.message).toContain(`${name} is not set`);
    }
  });

  it('are numbers and truth values where the policy wants such', async () => {
    made.length = 0;
    await snapshotOf({ 'a.json': api({ text: '$NUMBER', number: '${NUMBER}' }) });
    expect(made[0]?.options).toMatchObject({ text: '42', number: 42 });
  });

  it('are faults where they are not set or do not fit, and never shown', async () => {
    const env = { WORD: 'hunter2' };
    expect(await faultsOf({ 'a.json': api({ text: '$WROD' }) }, { env })).toEqual([
      expect.stringContaining(
        'spec.policies[0].config.text: the environment variable WROD is not set; did you mean "WORD"?',
      ) as string,
    ]);
    expect(await faultsOf({ 'a.json': api({ number: '$WORD' }) }, { env })).toEqual([
      expect.stringContaining('config.number: expected a number, got text') as string,
    ]);
    expect(await faultsOf({ 'a.json': api({ refuse: true, text: '$WORD' }) }, { env })).toEqual([
      expect.stringContaining('spec.policies[0].config: refused with $WORD') as string,
    ]);
  });
});
