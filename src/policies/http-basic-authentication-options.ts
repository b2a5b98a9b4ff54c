import { z } from 'zod';
import { MAX_PASSWORD_BYTES, parsePasswordHash } from '../password/password-hash.ts';
import { BASIC_OPTIONS } from './basic-options.ts';
import { problemOfUserName } from './http-basic-authentication-users.ts';

const userName = z.string().superRefine((name, context) => {
  const message = problemOfUserName(name);
  if (message !== undefined) context.addIssue({ code: 'custom', message });
});

const passwordHash = z.string().superRefine((text, context) => {
  const hash = parsePasswordHash(text);
  if (typeof hash === 'string') context.addIssue({ code: 'custom', message: hash });
});

/** The parameters of `http-basic-authentication`, and which of them exclude each other. */
export const options = z
  .strictObject({
    username: userName.optional().describe('The one user; with password'),
    password: z
      .string()
      .min(1)
      .max(MAX_PASSWORD_BYTES)
      .optional()
      .describe('Of the one user: better $NAME of a variable than the password itself'),
    users: z
      .array(z.strictObject({ username: userName, passwordHash }))
      .max(1000, 'has more than 1000 users: move them to a file, and name it in files')
      .optional()
      .describe(
        'Users with hashes of their passwords: bcrypt, scrypt or argon2id. A "$" at the beginning is written "$$"',
      ),
    files: z
      .array(z.string().min(1))
      .min(1)
      .max(16)
      .optional()
      .describe('Files of users as htpasswd -B makes them. They are followed'),
    ...BASIC_OPTIONS,
  })
  .superRefine((value, context) => {
    const report = (field: string, message: string): void => {
      context.addIssue({ code: 'custom', path: [field], message });
    };
    const { username, password, users, files } = value;
    const many = users === undefined ? (files === undefined ? undefined : 'files') : 'users';
    if (username === undefined && password === undefined && many === undefined)
      report('username', 'is missing: name one user with password, or many by users or files');
    else if (many !== undefined) {
      for (const field of ['username', 'password'] as const) {
        if (value[field] !== undefined) report(field, `can't stand beside ${many}: add the user there, with a hash`);
      }
    } else if (username === undefined) report('username', 'is missing beside password');
    else if (password === undefined) report('password', 'is missing beside username');
  });

export type Options = z.infer<typeof options>;
