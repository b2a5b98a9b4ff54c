import { z } from 'zod';
import { normalizePath, readsOneWay } from '../request/path.ts';

const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/;

/** Where callers reach an API: its resource identifier (RFC 9728, 1.2). */
export const publicUrl = z
  .string()
  .max(2048)
  .superRefine((value, context) => {
    const problem = problemOf(value);
    if (problem !== undefined) context.addIssue({ code: 'custom', message: problem });
  });

function problemOf(value: string): string | undefined {
  const url = URL.parse(value);
  if (url === null || !/^https?:\/\//i.test(value)) return 'expected a URL such as https://api.example.com/orders';
  if (url.protocol === 'http:' && !LOOPBACK.test(url.hostname)) return 'expected https: (http: is for loopback alone)';
  if (url.username !== '' || url.password !== '') return 'expected a URL without user and password';
  if (/[?#]/.test(value)) return 'expected a URL without query and fragment';
  // Clients compare it character by character.
  if (value !== url.href && `${value}/` !== url.href) return 'expected the URL as it is sent, such as in lower case';
  const path = normalizePath(url.pathname, { method: 'GET' });
  return typeof path === 'string' || !readsOneWay(path)
    ? 'expected a path that can be read in one way only'
    : undefined;
}
