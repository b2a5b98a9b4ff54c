import { z } from 'zod';
import type { Reason } from '../denial/denial.ts';
import { allReasons } from '../policies/index.ts';

const reason = z.enum(Object.keys(allReasons) as Reason[]);

const message = z
  .string()
  .max(1024)
  // oxlint-disable-next-line no-control-regex -- a gRPC caller gets it as a header
  .regex(/^[^\u0000-\u001f\u007f]+$/, 'expected a text of one line');

/** What holds for all: one document. */
export const configuration = z.strictObject({
  messages: z
    .partialRecord(reason, message)
    .default({})
    .describe('What callers read in place of the default text, by the reason of the denial'),
});
