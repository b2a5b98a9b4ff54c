import { describe, expect, test } from 'vitest';
import { referencePolicy } from '../../src/console/reference.ts';

function directive(name: string, publicUrl?: string): string | undefined {
  const all = referencePolicy(publicUrl)
    .split('; ')
    .map((each) => each.split(' '));
  const found = all.filter(([first]) => first === name);
  return found.length === 1 ? found[0]?.slice(1).join(' ') : undefined;
}

describe('the document of a reference', () => {
  test('makes no request to the control plane by a picture that a specification names', () => {
    // A picture from /login/link would be a login that is refused, in the audit trail, from its reader's address.
    expect(directive('img-src')).toBe('data:');
  });

  test.each([
    [undefined, "'none'"],
    ['https://api.example.com/orders', 'https://api.example.com/orders https://api.example.com/orders/'],
    ['https://api.example.com', 'https://api.example.com/'],
    [
      'https://api.example.com/a;script-src*',
      'https://api.example.com/a%3Bscript-src* https://api.example.com/a%3Bscript-src*/',
    ],
    ['https://api.example.com/a, b', 'https://api.example.com/a%2C%20b https://api.example.com/a%2C%20b/'],
    ['https://api.example.com/\r\nx: y', 'https://api.example.com/x:%20y https://api.example.com/x:%20y/'],
    ['https://*.example.com/', "'none'"],
    ['javascript:alert(1)', "'none'"],
    ["'unsafe-inline'", "'none'"],
  ])('lets calls out to the public URL alone: %j', (url, sources) => {
    expect(directive('connect-src', url)).toBe(sources);
    expect(directive('script-src', url)).toBe("'self'");
    expect(referencePolicy(url)).not.toMatch(/[\r\n]/);
  });
});
