import { z } from 'zod';
import { moment } from './fields.ts';
import { informational } from './informational-field.ts';
import { version } from './terms-schema.ts';

/** As the audit log keeps who did something. */
const LONGEST_ACTOR = 512;
const LONGEST_COMMENT = 4096;
/** The most people that a tier may ask for. */
export const MOST_APPROVERS = 2;

const actor = z.string().min(1).max(LONGEST_ACTOR);
const comment = z.string().max(LONGEST_COMMENT).optional();
const at = z.iso.datetime({ offset: true, error: 'expected a time such as 2027-01-31T00:00:00Z' });

const approval = z.strictObject({
  by: actor.describe('Who approved'),
  person: actor.optional().describe('Whose token they used; absent: they are the person'),
  at,
  comment,
});

const request = {
  by: actor.describe('Who asked'),
  person: actor.optional().describe('Whose token they used; absent: they are the person'),
  at,
  reason: comment.describe('Why, in their words'),
  tierBy: z
    .strictObject({ by: actor, person: actor.optional(), at })
    .optional()
    .describe('Who chose another tier while it waited'),
  approvals: z.array(approval).max(MOST_APPROVERS).optional().describe('Who has approved it'),
};

/** How a contract came to be what it is: written by the control plane, for whoever decides. */
const record = z.strictObject({
  requested: z.strictObject(request).optional().describe('The request that it goes back to'),
  change: z
    .strictObject({
      tier: z.string().describe('The tier that is asked for'),
      acceptedTerms: version.optional(),
      ...request,
    })
    .optional()
    .describe('A request for another tier that waits: until it is approved the contract stays as it is'),
  decided: z
    .strictObject({
      what: z.enum(['approved', 'rejected', 'revoked', 'restored', 'moved', 'kept']),
      by: actor.describe('Who decided; tier: the tier approves at once'),
      person: actor.optional().describe('Whose token they used; absent: they are the person'),
      at,
      comment,
    })
    .optional()
    .describe('The last decision'),
});

export const contract = z.strictObject({
  clientApplication: z
    .string()
    .describe('metadata.name of a ClientApplication; NAMESPACE/NAME for one of another namespace'),
  api: z.string().describe('metadata.name of an Api'),
  tier: z.string().optional().describe('A tier of that API'),
  status: z
    .enum(['pending', 'approved', 'rejected', 'revoked'])
    .optional()
    .describe('Absent: approved where the tier has autoApprove, else pending'),
  expiresAt: moment('From this time on an approved contract counts as expired; absent: never'),
  acceptedTerms: informational(version, "The version of the API's terms of use that whoever asked has accepted"),
  record: informational(record, 'Who asked, approved and decided: the control plane writes it'),
});
