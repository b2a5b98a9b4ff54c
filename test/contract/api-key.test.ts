import { describe, expect, it } from 'vitest';
import { broughtKeys, findKey, keyParts, newKey } from '../../src/contract/api-key.ts';
import { createClientIndex } from '../../src/contract/client-index.ts';
import type { ApiKey } from '../../src/contract/contract.ts';
import { hashSecret } from '../../src/contract/secret.ts';

const brought = broughtKeys(Buffer.alloc(32, 7));
const issued = (id: string, secret: string, expiresAt?: number): ApiKey => ({
  id,
  secret: hashSecret(secret),
  expiresAt,
});
const shop = {
  name: 'shop',
  clientId: 'shop',
  secrets: [],
  apiKeys: [
    issued('k1', 'one'),
    issued('k2', 'two.with.dots', 1000),
    { hmac: brought.hmac('legacy key'), expiresAt: undefined },
    { hmac: brought.hmac('k1.brought'), expiresAt: 1000 },
  ],
};
const other = { name: 'other', clientId: 'other', secrets: [], apiKeys: [issued('k3', 'three')] };
const index = createClientIndex([shop, other, { name: 'none', clientId: 'none', secrets: [] }]);
const find = (key: string, now = 0, keys = brought as typeof brought | undefined) => findKey(index, key, keys, now);

describe('an API key', () => {
  it('is found by its id and compared by its secret', () => {
    expect(find('k1.one')).toMatchObject({ found: 'key', held: { client: shop } });
    expect(find('k2.two.with.dots')).toMatchObject({ found: 'key', held: { client: shop } });
    expect(find('k3.three')).toMatchObject({ found: 'key', held: { client: other } });
  });

  it.each(['k1.two', 'k1.One', 'k1.onee', 'k1.three', 'k3.one'])('is wrong with another secret: %s', (key) => {
    expect(find(key)).toMatchObject({ found: 'wrong' });
  });

  it.each(['', '.', 'k1', 'k1.', '.one', 'K1.one', 'k4.one', '__proto__.one', 'constructor.x', 'k1 .one', 'shop.one'])(
    'is unknown in another form or with an id that nobody has: %j',
    (key) => {
      expect(find(key)).toEqual({ found: 'unknown' });
    },
  );

  it('is refused from the moment on at which it expires', () => {
    expect(find('k2.two.with.dots', 999)).toMatchObject({ found: 'key' });
    expect(find('k2.two.with.dots', 1000)).toMatchObject({ found: 'expired' });
    expect(find('k1.one', Number.MAX_SAFE_INTEGER)).toMatchObject({ found: 'key' });
  });

  it('of another form is found by its HMAC, and by no other server key', () => {
    expect(find('legacy key')).toMatchObject({ found: 'key', held: { client: shop } });
    expect(find('legacy Key')).toEqual({ found: 'unknown' });
    expect(find('legacy key', 0, broughtKeys(Buffer.alloc(32, 8)))).toEqual({ found: 'unknown' });
    expect(findKey(index, 'legacy key', undefined, 0)).toEqual({ found: 'unknown' });
    expect(find('k1.brought')).toMatchObject({ found: 'key' });
    expect(find('k1.brought', 1000)).toMatchObject({ found: 'expired' });
  });

  it('is not its own hash or HMAC', () => {
    expect(find(brought.hmac('legacy key'))).toEqual({ found: 'unknown' });
    expect(find(`k1.${Buffer.from(hashSecret('one').sha256).toString('hex')}`)).toMatchObject({ found: 'wrong' });
  });
});

describe('a new key', () => {
  it('verifies against what the documents hold of it, and is never the same', () => {
    const { key, id, secret } = newKey();
    const known = createClientIndex([{ ...other, apiKeys: [{ id, secret, expiresAt: undefined }] }]);
    expect(findKey(known, key, undefined, 0)).toMatchObject({ found: 'key' });
    expect(keyParts(key)?.secret).toMatch(/^[\w-]{43}$/);
    expect(newKey().key).not.toBe(newKey().key);
    expect(newKey('mine').key).toMatch(/^mine\./);
  });
});
