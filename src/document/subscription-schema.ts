import { z } from 'zod';
import { EVENT_NAMES, problemOfPattern } from '../notify/event-kinds.ts';
import { isMailAddress } from '../notify/mail-address.ts';
import { didYouMean } from '../nearest.ts';

const MOST_RECEIVERS = 20;
const ROLES = ['admin', 'owner', 'developer', 'viewer', 'auditor'] as const;

const pattern = z
  .string()
  .max(64)
  .superRefine((text, context) => {
    const problem = problemOfPattern(text);
    if (problem !== undefined) {
      context.addIssue({ code: 'custom', message: `${problem}${didYouMean(text, EVENT_NAMES)}` });
    }
  });

const mail = z
  .strictObject({
    members: z
      .array(z.enum(ROLES))
      .min(1)
      .optional()
      .describe('Members of the team with these roles, by their mail addresses; groups are not looked into'),
    addresses: z
      .array(z.string().refine(isMailAddress, 'expected one mail address such as team@example.com'))
      .min(1)
      .max(MOST_RECEIVERS)
      .optional()
      .describe('Mail addresses'),
  })
  .refine(({ members, addresses }) => members !== undefined || addresses !== undefined, {
    path: ['addresses'],
    message: 'is missing, and so is members: one of them says who gets mail',
  });

/** What a team wants to hear of. */
export const subscription = z
  .strictObject({
    events: z
      .array(pattern)
      .min(1)
      .max(100)
      .describe('Names of events such as contract.approved, contract.* or "*" (docs/events.md)'),
    webhooks: z
      .array(z.string())
      .min(1)
      .max(MOST_RECEIVERS)
      .optional()
      .describe('metadata.name of each Webhook that is told'),
    mail: mail.optional().describe('Who gets mail, where the control plane sends any'),
  })
  .refine(({ webhooks, mail: mails }) => webhooks !== undefined || mails !== undefined, {
    path: ['webhooks'],
    message: 'is missing, and so is mail: one of them says where events are sent',
  });
