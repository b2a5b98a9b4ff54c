import { expect, test } from 'vitest';
import { consoleUrlOf } from '../../src/control/console-url.ts';
import type { ListenAddress } from '../../src/listen/address.ts';
import { parseListenAddress } from '../../src/listen/address.ts';

const ADDRESS = parseListenAddress('127.0.0.1:9195', '--control-listen');

test('a link that logs in is shown on a terminal alone, and by a control plane that only this machine reaches', () => {
  const at = (address: ListenAddress, isTerminal: boolean, publicUrl?: string): string | undefined =>
    consoleUrlOf({
      url: 'http://there',
      address,
      isTerminal,
      publicUrl,
      link: { make: () => '/login/link?code=secret' },
    });
  expect(at(ADDRESS, true)).toBe('http://there/login/link?code=secret');
  expect(at(ADDRESS, false)).toBe('http://there');
  expect(at(parseListenAddress('0.0.0.0:9195', '--control-listen'), true)).toBe('http://there');
  expect(at(parseListenAddress('unix:/run/ostiary', '--control-listen', 0o600), true)).toBeUndefined();
  expect(at(ADDRESS, true, 'https://ostiary.example.com/')).toBe('https://ostiary.example.com');
});
