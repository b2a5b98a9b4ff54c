import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { TokenMemory } from '../../src/jwt/token-memory.ts';

describe('the memory of tokens', () => {
  test('never holds more than its limit, and never gives what was not put', () => {
    const step = fc.record({
      cache: fc.nat(2),
      digest: fc.nat(30).map(String),
      bytes: fc.integer({ min: 1, max: 700 }),
      act: fc.constantFrom('get', 'set', 'delete', 'close'),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const memory = new TokenMemory(1000);
        const caches = [memory.open<string>(), memory.open<string>(), memory.open<string>()];
        for (const { cache: index, digest, bytes, act } of steps) {
          const cache = caches[index];
          if (cache === undefined) throw new Error('no such cache');
          const value = `${index} ${digest}`;
          if (act === 'set') cache.set(digest, value, bytes);
          else if (act === 'delete') cache.delete(digest);
          else if (act === 'get') expect([value, undefined]).toContain(cache.get(digest));
          else {
            memory.close(cache);
            expect(cache.get(digest)).toBeUndefined();
            caches[index] = memory.open();
          }
          if (act === 'delete') expect(cache.get(digest)).toBeUndefined();
          if (act === 'set' && bytes <= 500) expect(cache.get(digest)).toBe(value);
          expect(memory.bytes).toBeLessThanOrEqual(1000);
        }
      }),
    );
  });

  test('keeps what is used, and forgets what is not', () => {
    const memory = new TokenMemory(1000);
    const cache = memory.open<number>();
    cache.set('used', 1, 100);
    cache.set('unused', 2, 100);
    for (let index = 0; index < 50; index += 1) {
      expect(cache.get('used')).toBe(1);
      cache.set(`other ${index}`, index, 100);
    }
    expect(cache.get('unused')).toBeUndefined();
  });

  test('takes nothing that is larger than half of it', () => {
    const cache = new TokenMemory(1000).open<number>();
    cache.set('large', 1, 501);
    expect(cache.get('large')).toBeUndefined();
  });
});
