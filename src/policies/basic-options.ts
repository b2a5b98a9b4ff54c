import { z } from 'zod';
import { realmOption } from '../policy/basic-credentials.ts';
import { upstreamHeader } from '../policy/upstream-header.ts';

/** Options of every policy that authenticates users by HTTP Basic. */
export const BASIC_OPTIONS = {
  realm: realmOption.describe('Of the challenge'),
  forwardCredentials: z.boolean().default(false).describe('true shows name and password to the upstream'),
  upstreamHeaders: z
    .strictObject({ user: upstreamHeader.default('x-ostiary-user') })
    .prefault({})
    .describe('Header that tells the upstream who calls'),
} as const;
