import { expect, test } from 'vitest';
import { errorFields } from '../../src/observe/error-fields.ts';
import { loggablePath, requestFields } from '../../src/observe/request-fields.ts';
import { checkOf } from './decisions.ts';
import { logInMemory } from './lines.ts';

test('a line is one JSON object with a time, a level and an event', () => {
  const { log, text, lines } = logInMemory();
  log.info('listening', { address: '127.0.0.1:9191' });
  expect(text()).toMatch(/^\{.*\}\n$/);
  expect(lines()).toMatchObject([{ level: 'info', msg: 'listening', address: '127.0.0.1:9191' }]);
  expect(new Date(lines()[0]?.['time'] as string).getTime()).toBeGreaterThan(0);
});

test('lines below the level are not written', () => {
  const { log, lines } = logInMemory('warn');
  log.info('quiet');
  log.warn('loud');
  expect(lines().map(({ msg }) => msg)).toEqual(['loud']);
});

test('a field that is not listed is not written', () => {
  const { log, text } = logInMemory();
  const careless = { file: 'a.yaml', authorization: 'Bearer abc', headers: { client_secret: 's3' } };
  log.error('careless', careless);
  expect(text()).toContain('a.yaml');
  expect(text()).not.toMatch(/Bearer|authorization|s3/);
});

test('control characters cannot start a line of their own', () => {
  const { log, text } = logInMemory();
  log.info('x', { detail: 'a\n{"level":"info","msg":"forged"}\r\u2028\u001b[31m' });
  expect(text().split('\n')).toHaveLength(2);
});

test('an unexpected error is told without its message, which may quote a token', () => {
  let caught: unknown;
  try {
    JSON.parse('eyJhbGciOi-secret');
  } catch (error) {
    caught = error;
  }
  expect((caught as Error).message).toContain('secret');
  const { log, text, lines } = logInMemory();
  log.error('policy failed', errorFields(caught));
  expect(lines()).toMatchObject([{ error: 'SyntaxError' }]);
  expect(text()).toContain('log.test.ts');
  expect(text()).not.toContain('secret');
});

test.each([
  ['/orders?access_token=t', '/orders'],
  ['/orders#access_token=t', '/orders'],
  ['/orders%3Faccess_token=t', '/orders'],
  ['/orders;jsessionid=t/17', '/orders/17'],
  ['/orders%3Bjsessionid=t', '/orders'],
  ['?access_token=t', ''],
  ['', ''],
  [`/reset/${'a'.repeat(65)}/x`, '/reset/…/x'],
  ['/a\nb\u202ec', '/a\u{fffd}b\u{fffd}c'],
])('of the path %j the log has %j', (path, expected) => {
  expect(loggablePath(path)).toBe(expected);
});

test('a path of any length is cut', () => {
  expect(loggablePath('/abc'.repeat(100_000)).length).toBeLessThanOrEqual(513);
});

test('values of the caller that do not fit their grammar are left out', () => {
  const check = checkOf({
    method: 'GET\n',
    host: 'user:secret@orders.example.com',
    streamId: 'x',
    headers: { 'x-request-id': `eyJhbGciOi.${'a'.repeat(64)}` },
  });
  expect(requestFields(check, 'not an address')).toEqual({ path: '/orders/17' });
});
