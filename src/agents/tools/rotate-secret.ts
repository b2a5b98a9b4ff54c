import { z } from 'zod';
import { CredentialService } from '../../../gen/ostiary/v1/credentials_pb.js';
import { defineTool, told } from '../tool.ts';
import { applicationInput, keyOf, reasonInput } from './names.ts';

const HOUR_SECONDS = 3600;
const MOST_HOURS = 365 * 24;

export const rotateSecret = defineTool({
  name: 'rotate_secret',
  title: 'Rotate a client secret',
  description:
    'Makes a new secret for one of the user’s applications. The one before stays valid for grace_hours. The new one is in this answer and nowhere else: put it where the program reads it, and repeat it nowhere.',
  input: z.object({
    application: applicationInput,
    grace_hours: z
      .number()
      .min(0)
      .max(MOST_HOURS)
      .optional()
      .describe(
        'How long the secret before stays valid. Absent: 24. 0: it ends at once, and whatever still sends it is refused.',
      ),
    reason: reasonInput.describe('Why, for the audit log.'),
  }),
  isReading: false,
  isDestructive: true,
  async run(invoke, { application, grace_hours: graceHours = 24, reason }) {
    const seconds = BigInt(Math.round(graceHours * HOUR_SECONDS));
    const rotated = await invoke(CredentialService.method.rotateSecret, {
      ...keyOf(application),
      grace: { seconds, nanos: 0 },
      reason,
    });
    return told(`${application} has a new secret; the one before ends in ${graceHours} hours.`, {
      client_id: rotated.application?.clientId ?? '',
      client_secret: rotated.secret,
    });
  },
});
