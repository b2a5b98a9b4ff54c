import { describe, expect, it } from 'vitest';
import { parsePasswordHash } from '../../src/password/password-hash.ts';
import { isPasswordOf } from '../../src/password/verify.ts';

/** By other implementations: crypt(3) of libxcrypt, hashlib of Python, the reference implementation of Argon2 (argon2-cffi). */
const hashes: readonly (readonly [password: string, hash: string])[] = [
  ['hunter2', '$2y$05$abcdefghijklmnopqrstuuoXuKqgZXLiJqzfmMXDDhSFPIvxV7t8.'],
  ['päss wörd', '$2y$05$abcdefghijklmnopqrstuucAlS3LCZL9LcVSWwMtNJG6yF5tEYLy2'],
  ['x'.repeat(72), '$2y$05$abcdefghijklmnopqrstuujf8SX2ahXLwp9w/B.Y5XdysS6yR576q'],
  ['U*U', '$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW'],
  ['hunter2', '$scrypt$ln=10,r=8,p=1$MDEyMzQ1Njc4OWFiY2RlZg$xhygCB++/lnqkJuXyqpuqIwyXp1fZuC+q3d168khIUA'],
  ['password', '$argon2id$v=19$m=1024,t=2,p=2$c29tZXNhbHQ$kEfNQbPvk6Q7hokW6Jrvn1Mjb9kdT/I7OXVDKsviazk'],
];

describe('the hash of a password', () => {
  it.each(hashes)('of %j by others is that of the password, and of no other', (password, hash) => {
    expect(isPasswordOf(hash, password)).toBe(true);
    expect(isPasswordOf(hash, `${password.slice(0, -1)}y`)).toBe(false);
  });

  it.each([
    ['$apr1$r31....$HqJZimcKQFAMYayBlzkrA/', 'is MD5'],
    ['$1$abc$HqJZimcKQFAMYayBlzkrA/', 'is MD5'],
    ['{SHA}VBPuJHI7uixaa6LQGWx4s+5GKNE=', 'is SHA-1'],
    ['{SSHA}VBPuJHI7uixaa6LQGWx4s+5GKNE=', 'is SHA-1'],
    ['$5$salt$hash', 'is SHA-2 of crypt(3)'],
    ['$6$salt$hash', 'is SHA-2 of crypt(3)'],
    ['rqXexS6ZhobKA', 'looks like the old crypt(3)'],
    ['hunter2', 'is not a hash'],
    ['', 'is not a hash'],
    ['$2x$05$abcdefghijklmnopqrstuuoXuKqgZXLiJqzfmMXDDhSFPIvxV7t8.', 'is of the faulty bcrypt'],
    ['$2y$05$abcdefghijklmnopqrstuuoXuKqgZXLiJqzfmMXDDhSFPIvxV7t8', 'is not a complete hash of bcrypt'],
    ['$2y$13$abcdefghijklmnopqrstuuoXuKqgZXLiJqzfmMXDDhSFPIvxV7t8.', 'has the cost 13'],
    ['$2y$31$abcdefghijklmnopqrstuuoXuKqgZXLiJqzfmMXDDhSFPIvxV7t8.', 'has the cost 31'],
    ['$2y$03$abcdefghijklmnopqrstuuoXuKqgZXLiJqzfmMXDDhSFPIvxV7t8.', 'has the cost 3'],
    ['$argon2i$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHApl8ArZWb2GRPPc', 'is argon2 of another'],
    ['$argon2id$v=16$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHApl8ArZWb2GRPPc', 'is not a complete'],
    ['$argon2id$v=19$m=65537,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHApl8ArZWb2GRPPc', 'needs more a check'],
    ['$argon2id$v=19$m=64,t=11,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHApl8ArZWb2GRPPc', 'needs more a check'],
    ['$argon2id$v=19$m=64,t=2,p=1$c29t$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHApl8ArZWb2GRPPc', 'is not a complete'],
    ['$scrypt$ln=17,r=8,p=1$MDEyMzQ1Njc4OWFiY2RlZg$xhygCB++/lnqkJuXyqpuqIwyXp1fZuC+q3d168khIUA', 'needs more than 64'],
    ['$scrypt$ln=10,r=8$MDEyMzQ1Njc4OWFiY2RlZg$xhygCB', 'is not a complete hash of scrypt'],
  ])('%s is refused', (text, message) => {
    expect(parsePasswordHash(text)).toEqual(expect.stringContaining(message));
    if (text !== '') expect(parsePasswordHash(text)).not.toContain(text);
  });
});
