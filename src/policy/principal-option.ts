import { z } from 'zod';
import { principalFrom } from '../contract/principal.ts';

/** A SPIFFE id or a pattern of them, wherever a document names one. */
export const principalOption = z.string().superRefine((text, context) => {
  const parsed = principalFrom(text);
  if (typeof parsed === 'string') context.addIssue({ code: 'custom', message: parsed });
});
