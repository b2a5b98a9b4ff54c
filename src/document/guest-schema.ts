import { z } from 'zod';
import { basePath, host, name } from './fields.ts';

const MOST_GUESTS = 1000;

/** What an API's owner lets other teams take of its place: see {@link guests}. */
export interface Guest {
  /** `*`: every team. */
  readonly team?: string | undefined;
  readonly namespace?: string | undefined;
  readonly hosts?: readonly string[] | undefined;
  readonly basePath: string;
}

const guest = z
  .strictObject({
    team: z
      .union([z.literal('*'), name])
      .optional()
      .describe('The Team whose APIs are let in; "*": those of every team'),
    namespace: name.optional().describe('In place of a team: the APIs of one namespace are let in'),
    hosts: z.array(host).min(1).optional().describe("At which hosts; absent: the API's own"),
    basePath: basePath.describe('At which path and below it; written whole, as the base path of a guest is'),
  })
  .refine(({ team, namespace }) => (team === undefined) !== (namespace === undefined), {
    error: 'expected either a team or a namespace',
  });

/** Only the control plane looks at it, when APIs are written. */
export const guests = z.array(guest).max(MOST_GUESTS);
