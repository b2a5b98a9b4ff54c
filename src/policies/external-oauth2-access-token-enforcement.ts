import { z } from 'zod';
import { definePolicy } from '../policy/policy.ts';
import { refineIntrospection } from './oauth2-token-introspection-options.ts';
import { introspectionParameters } from './oauth2-token-introspection-parameters.ts';
import { introspectionTraits } from './oauth2-token-introspection.ts';

const options = introspectionParameters
  .extend({
    tokenUrl: z.string().min(1).optional().describe('introspectionURL by the name that it has here'),
  })
  .superRefine(refineIntrospection);

/** `oauth2-token-introspection` with another name (`docs/policies/external-oauth2-access-token-enforcement.md`). */
export default definePolicy({
  name: 'external-oauth2-access-token-enforcement',
  summary: 'oauth2-token-introspection by another name: tokens of an OAuth 2.0 provider',
  options,
  ...introspectionTraits,
});
