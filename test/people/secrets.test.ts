import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { cookieOf, setCookie } from '../../src/people/cookies.ts';
import { problemOfNewPassword } from '../../src/people/new-password.ts';
import { ownOrigin } from '../../src/people/own-origin.ts';
import { makeSecret, openBy, sealBy } from '../../src/people/secret.ts';

test('cookies go to this host alone, and no script reads them', () => {
  expect(setCookie('session', 'x', 60_000, { isSecure: true })).toBe(
    '__Host-ostiary-session=x; Path=/; Max-Age=60; Secure; HttpOnly; SameSite=Lax',
  );
  expect(setCookie('session', 'x', 60_000, { isSecure: false })).toBe(
    'ostiary-session=x; Path=/; Max-Age=60; HttpOnly; SameSite=Lax',
  );
  expect(cookieOf('ostiary-session=y', 'session', { isSecure: true })).toBeUndefined();
});

test('a name that somebody points at loopback is not ours', () => {
  const origin = ownOrigin({ publicUrl: 'https://ostiary.example.com', isTls: false, isLoopback: true });
  for (const own of ['127.0.0.1:9195', 'localhost:9195', '[::1]:9195', 'ostiary.example.com', 'OSTIARY.example.com.']) {
    expect(origin.problemOfHost(own)).toBeUndefined();
  }
  for (const other of [undefined, '', 'evil.example.com:9195', 'localhost.evil.example.com']) {
    expect(origin.problemOfHost(other)).toMatch(/is not of this machine/);
  }
});

test('what is sealed by a secret is opened by it alone, for the same use', () => {
  const [one, other] = [makeSecret('session', randomBytes), makeSecret('session', randomBytes)];
  const sealed = sealBy(one, 'refresh token', 'plain', randomBytes);
  expect(openBy(one, 'refresh token', sealed)).toBe('plain');
  expect(openBy(other, 'refresh token', sealed)).toBeUndefined();
  expect(openBy(one, 'something else', sealed)).toBeUndefined();
  expect(openBy(one, 'refresh token', `${sealed.slice(0, -2)}AA`)).toBeUndefined();
  expect(openBy(one, 'refresh token', '')).toBeUndefined();
});

test('a new password is long, and not of what everybody tries', () => {
  expect(problemOfNewPassword('bob', 'correct horse battery')).toBeUndefined();
  for (const weak of [
    '',
    'short',
    'aaaaaaaaaaaaaaaaa',
    'Robert is the best',
    `x${String.fromCodePoint(0)}abcdefghijkl`,
    'abcde '.repeat(200),
  ]) {
    expect(problemOfNewPassword('robert', weak)).toMatch(/^has/);
    expect(weak === '' || !problemOfNewPassword('robert', weak)?.includes(weak)).toBe(true);
  }
});
