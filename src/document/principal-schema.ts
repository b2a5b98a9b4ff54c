import { z } from 'zod';
import { principalOption } from '../policy/principal-option.ts';

const MAX_PRINCIPALS = 100;

/** `spec.principals`. */
export const principals = z
  .array(principalOption)
  .min(1)
  .max(MAX_PRINCIPALS)
  .superRefine((list, context) => {
    list.forEach((text, index) => {
      if (list.indexOf(text) === index) return;
      context.addIssue({ code: 'custom', path: [index], message: 'stands in this list already' });
    });
  });
