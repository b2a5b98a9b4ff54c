import { z } from 'zod';
import { name } from './fields.ts';

// Kinds that the data plane ignores: they are for people, and for the control plane.

const MOST_NAMESPACES = 1000;
const LONGEST_TEXT = 1024 * 1024;
const MOST_MEMBERS = 10_000;
/** As mail addresses are at most (RFC 5321), and names of groups in directories. */
const LONGEST_MEMBER = 1024;

/** What the provider calls somebody: no white space at its ends, which nobody would see. */
const memberName = z
  .string()
  .min(1)
  .max(LONGEST_MEMBER)
  .regex(
    /^[^\s\p{Cc}](?:[^\p{Cc}]*[^\s\p{Cc}])?$/u,
    'expected a name without spaces at its ends and without control characters',
  );

const member = z
  .strictObject({
    user: memberName
      .optional()
      .describe('As the identity provider calls them, or local:NAME; token:NAME is a token of the team'),
    group: memberName.optional().describe('Of the identity provider, or of local users: all that are in it'),
    role: z
      .enum(['admin', 'owner', 'developer', 'viewer', 'auditor'])
      .describe('What they are in the team; in the team platform, admin, viewer and auditor hold everywhere'),
  })
  .superRefine(({ user, group }, context) => {
    const report = (field: string, message: string): void =>
      context.addIssue({ code: 'custom', path: [field], message });
    if (user === undefined && group === undefined) report('user', 'is missing: expected user or group');
    if (user !== undefined && group !== undefined) report('group', 'contradicts user: make it a member of its own');
    if (user?.startsWith('user:') === true)
      report('user', 'expected the name as the identity provider gives it, without "user:"');
    if (user === 'bootstrap')
      report('user', 'whoever has the bootstrap token may do everything, and is a member of no team');
  });

export const team = z.strictObject({
  namespaces: z
    .array(name)
    .max(MOST_NAMESPACES)
    .superRefine((list, context) => {
      for (const [at, each] of list.entries()) {
        if (list.indexOf(each) === at) continue;
        context.addIssue({ code: 'custom', path: [at], message: 'is listed twice' });
      }
    })
    .default([])
    .describe('Those that it owns; no other team may own them'),
  members: z
    .array(member)
    .max(MOST_MEMBERS)
    .superRefine((list, context) => {
      const seen = new Set<string>();
      for (const [at, each] of list.entries()) {
        const text = JSON.stringify([each.user, each.group, each.role]);
        if (seen.has(text)) context.addIssue({ code: 'custom', path: [at], message: 'is listed twice' });
        seen.add(text);
      }
    })
    .optional()
    .describe('Who may do what with what the team owns, at the control plane'),
});

export const specification = z.strictObject({
  format: z
    .enum(['openapi', 'asyncapi', 'graphql', 'protobuf', 'raml', 'wsdl', 'other'])
    .describe('How the text is to be read'),
  text: z.string().min(1).max(LONGEST_TEXT).describe('The specification itself'),
});
