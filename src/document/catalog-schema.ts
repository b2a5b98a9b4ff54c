import { z } from 'zod';
import { name } from './fields.ts';

// Kinds that the data plane ignores: they are for people, and for the control plane.

const MOST_NAMESPACES = 1000;
const LONGEST_TEXT = 1024 * 1024;

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
});

export const specification = z.strictObject({
  format: z
    .enum(['openapi', 'asyncapi', 'graphql', 'protobuf', 'raml', 'wsdl', 'other'])
    .describe('How the text is to be read'),
  text: z.string().min(1).max(LONGEST_TEXT).describe('The specification itself'),
});
