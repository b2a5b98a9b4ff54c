import { z } from 'zod';
import { annotations, labels, name } from './fields.ts';
import { informational } from './informational-field.ts';
import { terms, version } from './terms-schema.ts';

/** Of every document. */
const common = {
  name: name.describe('Unique among the documents of its kind in its namespace'),
  namespace: name
    .optional()
    .describe('Absent: default. References and selectors stay in it, but for those of platform'),
  displayName: z.string().min(1).max(253).optional().describe('What people read in place of the name'),
  description: informational(z.string().max(4096), 'For people'),
  labels: labels.optional(),
  annotations: informational(annotations, 'For tools; nothing is selected by them'),
};

export const metadata = z.strictObject(common);

const owner = informational(name, 'The Team that it belongs to');

export const clientMetadata = z.strictObject({ ...common, owner });

/** What a catalog tells of an API. */
export const apiMetadata = z.strictObject({
  ...common,
  owner,
  asset: informational(name, 'APIs with the same asset are versions of one thing. Absent: its name'),
  version: informational(version, 'Which version of its asset it is, such as v2'),
  lifecycle: informational(
    z.enum(['draft', 'published', 'deprecated', 'retired']),
    'How far it has come. A retired API takes no new contracts',
  ),
  visibility: informational(
    z.enum(['private', 'internal', 'public']),
    'Who finds it: its team, everybody inside, anybody',
  ),
  specification: informational(name, 'The Specification that describes it'),
  terms: informational(terms, 'Terms of use, which whoever asks for a contract accepts'),
});

/** Teams own namespaces, and so they are in none of them. */
export const teamMetadata = z.strictObject({
  ...common,
  // As `names.ts` calls it, which needs this schema.
  namespace: z
    .literal('platform', 'expected "platform": teams own namespaces, so they are in none of their own')
    .describe('Always platform'),
});
