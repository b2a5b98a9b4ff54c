import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { userFile } from '../../src/policies/http-basic-authentication-users.ts';
import { isPasswordOf } from '../../src/password/verify.ts';
import { partOrSkip } from '../real/parts.ts';
import { scratchFolder } from '../real/scratch.ts';

const htpasswd = (await partOrSkip('htpasswd')) ?? '';

/** A new file with one user of the algorithm that a flag of htpasswd names. */
function fileBy(flags: readonly string[], password: string): string {
  const file = join(scratchFolder('htpasswd'), 'users');
  execFileSync(htpasswd, ['-c', '-i', ...flags, file, 'ann'], { input: password, stdio: ['pipe', 'pipe', 'pipe'] });
  return file;
}

const parse = (file: string) => userFile.parse(readFileSync(file), () => undefined);

describe.skipIf(htpasswd === '')('a file that the real htpasswd makes', () => {
  it('by -B has hashes that are right for the same passwords as there', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.string({
          minLength: 1,
          maxLength: 40,
          unit: fc.constantFrom('a', 'ä', '€', '😀', ' ', ':', '$', '\\', '~'),
        }),
        async (password) => {
          const file = fileBy(['-B', '-C', '4'], password);
          const parsed = await parse(file);
          if (!('content' in parsed)) throw new Error(JSON.stringify(parsed));
          const hash = parsed.content.users.get('ann')?.text ?? '';
          // What htpasswd itself says: it cuts what is beyond 72 bytes, which never comes here.
          const theirs = (guess: string): boolean =>
            spawnSync(htpasswd, ['-v', '-i', file, 'ann'], { input: guess, stdio: ['pipe', 'ignore', 'ignore'] })
              .status === 0;
          for (const guess of [password, `${password}a`, password.slice(1)].filter(
            (text) => text !== '' && Buffer.byteLength(text) <= 72,
          )) {
            expect(isPasswordOf(hash, guess), JSON.stringify([password, guess])).toBe(theirs(guess));
          }
        },
      ),
      { numRuns: 20 },
    );
  });

  it.each([
    [['-m'], 'is MD5'],
    [['-s'], 'is SHA-1'],
    [['-d'], 'looks like the old crypt(3)'],
    [['-2'], 'is SHA-2 of crypt(3)'],
    [['-5'], 'is SHA-2 of crypt(3)'],
    [['-p'], 'is not a hash'],
    [['-B', '-C', '13'], 'has the cost 13'],
  ])('by %s is refused by its line', async (flags, message) => {
    expect(await parse(fileBy(flags, 'hunter2'))).toEqual({
      problems: [{ line: 1, message: expect.stringContaining(message) }],
    });
  });
});
