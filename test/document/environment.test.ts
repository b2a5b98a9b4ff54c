import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { literalText, redact, resolveVariables } from '../../src/document/environment.ts';
import { policyKinds } from '../../src/policies/index.ts';
import { document, faultsOf, made, snapshotOf } from './documents.ts';

const api = (config: object) => document('Api', 'a', { policies: [{ policyRef: { name: 'gate' }, config }] });

describe('variables in the config of a policy', () => {
  it.each([
    ['$HOST', 'h.example'],
    ['${HOST}', 'h.example'],
    ['https://${HOST}/jwks', 'https://h.example/jwks'],
    ['${HOST}:${PORT}', 'h.example:8443'],
    ['a ${EMPTY} b', 'a  b'],
    ['${A1}${_b}', 'onetwo'],
    // Escaped.
    ['https://$${HOST}/', 'https://${HOST}/'],
    ['$${HOST}', '${HOST}'],
    ['a$$${HOST}', 'a$${HOST}'],
    ['$$${HOST}', '$${HOST}'],
    ['$${HOST} and ${HOST}', '${HOST} and h.example'],
    ['$$x ${HOST}', '$x h.example'],
    // As ever: any other dollar is itself, but the first of two at the beginning.
    ['x $HOST', 'x $HOST'],
    ['a$', 'a$'],
    ['a$$b', 'a$$b'],
    ['$$HOST', '$HOST'],
    ['$$$', '$$'],
    ['^/a$', '^/a$'],
    ['x{2}${', 'x{2}${'],
    ['a${2}', 'a${2}'],
    ['a${no-name}', 'a${no-name}'],
    ['a${HOST', 'a${HOST'],
    ['a${ HOST }', 'a${ HOST }'],
    ['a${1X}', 'a${1X}'],
    ['a${HOST:-b}', 'a${HOST:-b}'],
    ['a$${no-name}', 'a$${no-name}'],
    ['$${no-name}', '${no-name}'],
  ])('%j is %j', (written, text) => {
    const env = { HOST: 'h.example', PORT: '8443', EMPTY: '', A1: 'one', _b: 'two' };
    expect(resolveVariables({ a: [written], b: 1, c: null }, env)).toMatchObject({
      value: { a: [text], b: 1, c: null },
      issues: [],
    });
  });

  it.each(['$', '$HOST/x', '${no-name}', '${HOST', '${}', '$ {HOST}', '$1', '${HOST:-b}'])(
    'a text may not begin as %j does',
    (written) => {
      const { issues, value } = resolveVariables(written, { HOST: 'h' });
      expect(issues).toMatchObject([{ path: [], at: 'value', message: expect.stringMatching(/begins with "\$"/) }]);
      expect(value).toBe(written);
    },
  );

  it('that are not set are told with file, line and field, also inside a text', async () => {
    const files = { 'a.json': api({ text: 'https://${HOTS}/${PATH_OF}' }) };
    expect(await faultsOf(files, { env: { HOST: 'h' } })).toEqual([
      expect.stringMatching(
        /^a\.json:\d+:\d+: spec\.policies\[0\]\.config\.text: the environment variable HOTS is not set; did you mean "HOST"\?; for the text itself write "\$\$\{HOTS\}"$/,
      ) as string,
      expect.stringContaining('the environment variable PATH_OF is not set') as string,
    ]);
  });

  it.each([
    [
      'header-injection',
      { inboundHeaders: [{ key: 'x-a', value: { cel: "'${KEY}' + request.headers['x-b']" } }] },
      'inboundHeaders[0].value.cel',
    ],
    ['rate-limiting', { rateLimits: 'unlimited', keySelector: [{ cel: '$KEY' }] }, 'keySelector[0].cel'],
    ['authorization', { rules: [{ allow: "request.headers['x-a'] == '${KEY}'" }] }, 'rules[0].allow'],
    ['authorization', { rules: [{ allow: 'true' }, { deny: "request.host != '${KEY}'" }] }, 'rules[1].deny'],
  ])('stand in no expression, which logs tell where it fails: %s', async (name, config, field) => {
    const files = { 'a.json': document('Api', 'a', { policies: [{ policyRef: { name }, config }] }) };
    const [fault, ...others] = await faultsOf(files, { policyKinds, env: { KEY: 'no-log-may-have-this' } });
    expect(fault).toContain(`spec.policies[0].config.${field}: has a variable in an expression of CEL`);
    expect([others, fault]).toEqual([[], expect.not.stringContaining('no-log-may-have-this') as string]);
  });

  it('make numbers with the text around them', async () => {
    made.length = 0;
    await snapshotOf({ 'a.json': api({ text: 'a${NUMBER}', number: '1${NUMBER}' }) });
    expect(made[0]?.options).toMatchObject({ text: 'a42', number: 142 });
  });

  it('inside a text are not shown where it does not fit', async () => {
    const env = { WORD: 'hunter2' };
    expect(await faultsOf({ 'a.json': api({ refuse: true, text: 'x-${WORD}' }) }, { env })).toEqual([
      expect.stringContaining('spec.policies[0].config: refused with x-$WORD') as string,
    ]);
  });

  it.each([
    ['as they are', 'Hunter 2', 'told Hunter 2 of it'],
    ['in quotes', 'hun"ter\\2', `told ${JSON.stringify('hun"ter\\2')} of it`],
    ['in lower case', 'HUNTER-2', 'told hunter-2 of it'],
    ['in both', 'HUN"TER', `told ${JSON.stringify('hun"ter')} of it`],
  ])('are not shown %s', (_how, text, message) => {
    expect(redact(message, [{ path: [], name: 'WORD', text, whole: text, written: '$WORD' }])).toMatch(
      /^told "?\$WORD"? of it$/,
    );
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

test('a text is written so that it is read as it is', () => {
  const part = fc.constantFrom('$', '$$', '{', '}', '${A}', '${secret:a/b}', '${secret:', 'A', 'x y', '${', '$A');
  fc.assert(
    fc.property(fc.array(part, { maxLength: 6 }), (parts) => {
      const text = parts.join('');
      const { value, issues } = resolveVariables(literalText(text), { A: 'another' });
      expect({ value, issues }).toEqual({ value: text, issues: [] });
    }),
    { numRuns: 2000 },
  );
});
