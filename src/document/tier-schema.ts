import { z } from 'zod';
import { limitsOrUnlimited } from '../quota/limit-schema.ts';
import { MOST_APPROVERS } from './contract-schema.ts';
import { name } from './fields.ts';
import { informational } from './informational-field.ts';

/** An SLA tier of an API. */
export const tier = z
  .strictObject({
    name,
    limits: limitsOrUnlimited.describe('All must have quota; unlimited: there are none'),
    proposedLimits: limitsOrUnlimited
      .optional()
      .describe('Limits to try in shadow: see useProposedLimits of rate-limiting-sla'),
    onStoreFailure: z
      .enum(['deny', 'allow', 'local'])
      .optional()
      .describe("While the counter store can't tell; absent: as the policy says"),
    autoApprove: z.boolean().default(false).describe('A contract without a status is approved'),
    deprecated: z.boolean().default(false).describe('It takes no new contracts: one that is pending is an error'),
    approvers: informational(
      z.int().min(1).max(MOST_APPROVERS),
      'How many people have to approve a contract, none of whom asked for it; absent: one, who may have asked too',
    ),
  })
  .refine((value) => !value.autoApprove || value.approvers === undefined, {
    path: ['approvers'],
    message: 'contradicts autoApprove: nobody has to approve a contract of this tier',
  });
