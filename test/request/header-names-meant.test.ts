import fc from 'fast-check';
import { expect, it } from 'vitest';
import { HeaderNamesMeant } from '../../src/request/header-names-meant.ts';

it('finds in a message what it finds in a text, once and again, whatever was asked between', () => {
  const meant = new HeaderNamesMeant((name) => name.length % 3 === 0);
  const name = fc.string({ unit: fc.constantFrom('a', 'b', 'X', 'Y', '-', '_', '.', ':', '9'), maxLength: 120 });
  const property = fc.property(fc.array(name, { minLength: 1, maxLength: 40 }), (names) => {
    for (const each of [...names, ...names]) {
      const bytes = Buffer.from(`before${each}after`);
      const found = meant.at(bytes, 'before'.length, 'before'.length + each.length);
      expect(found).toBe(each.length % 3 === 0 ? each.toLowerCase() : undefined);
      expect(meant.of(each)).toBe(found);
    }
  });
  fc.assert(property, { numRuns: 300 });
});

it('does not take what callers choose for what it remembers', () => {
  const meant = new HeaderNamesMeant((name) => name === 'x-debug');
  const at = (name: string) => meant.at(Buffer.from(name), 0, name.length);
  for (let i = 0; i < 5000; i++) {
    expect(at(`x-${i}`)).toBeUndefined();
    expect(at('X-Debug')).toBe('x-debug');
  }
});
