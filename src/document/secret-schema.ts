import { z } from 'zod';

/** Of all values of a document: a document has to fit into one message of the stream. */
export const MOST_SECRET_BYTES = 256 * 1024;
const MOST_KEYS = 100;

const keyName = z.string().regex(/^[A-Za-z0-9._-]{1,253}$/, 'expected letters and digits, with ".", "_" or "-"');

/** What an author writes, and what a control plane makes of it. */
const entry = z
  .strictObject({
    value: z.string().min(1).optional().describe('The value; in a folder also $NAME'),
    file: z
      .string()
      .min(1)
      .optional()
      .describe('In a folder: its file, relative to the document; one newline at its end is cut'),
    digest: z
      .string()
      .regex(/^[0-9a-f]{16}$/, 'expected the 16 hex digits that the control plane shows')
      .optional()
      .describe('As the control plane shows a value: it stays what it is'),
    sealed: z.string().optional().describe('The value as a control plane keeps it, encrypted'),
    opened: z.string().optional().describe('The value as a control plane sends it'),
  })
  .superRefine((written, context) => {
    const { value, file, digest, sealed, opened } = written;
    const given = [value, file, sealed, opened].filter((each) => each !== undefined).length;
    if (given === 1 || (given === 0 && digest !== undefined)) return;
    context.addIssue({ code: 'custom', message: given === 0 ? 'expected value' : 'expected one of value and file' });
  });

/** What policies and webhooks of the namespace read by `${secret:NAME/KEY}`. */
export const secretSpec = z.strictObject({
  data: z
    .record(keyName, entry)
    .describe('By key: what ${secret:NAME/KEY} reads')
    .superRefine((data, context) => {
      const entries = Object.values(data);
      const report = (message: string): void => context.addIssue({ code: 'custom', message });
      if (entries.length === 0) report('expected at least one key');
      if (entries.length > MOST_KEYS) report(`expected at most ${MOST_KEYS} keys`);
      const bytes = entries.reduce((sum, { value = '', opened = '' }) => sum + Buffer.byteLength(value + opened), 0);
      if (bytes > MOST_SECRET_BYTES) report(`its values have more than ${MOST_SECRET_BYTES} bytes: split it`);
    }),
});
