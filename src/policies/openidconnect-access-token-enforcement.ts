import { z } from 'zod';
import { definePolicy } from '../policy/policy.ts';
import { refineIntrospection } from './oauth2-token-introspection-options.ts';
import { introspectionParameters } from './oauth2-token-introspection-parameters.ts';
import { introspectionTraits } from './oauth2-token-introspection.ts';

const options = introspectionParameters
  .extend({
    maxCacheSize: z.int().min(1).max(1_000_000).optional().describe('maxCacheEntries by the name that it has here'),
  })
  .superRefine(refineIntrospection);

/** `oauth2-token-introspection` with another name (`docs/policies/openidconnect-access-token-enforcement.md`). */
export default definePolicy({
  name: 'openidconnect-access-token-enforcement',
  summary: 'oauth2-token-introspection by another name: tokens of an OpenID Connect provider',
  options,
  ...introspectionTraits,
});
