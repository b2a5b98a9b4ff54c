import { createHash } from 'node:crypto';
import { PeopleService, WhoAmIResponseSchema } from '../../../gen/ostiary/v1/people_pb.js';
import { PLATFORM_TEAM } from '../../access/caller.ts';
import { callServer } from '../platform/server.ts';
import type { Caller } from '../platform/server.ts';

/** Of whoever sees everything that there is. */
export const EVERYTHING = 'everything';

const WIDE: ReadonlySet<string> = new Set(['admin', 'viewer', 'auditor']);
const DIGITS = 16;

/** How much somebody sees, to be compared: two who have the same see the same. @throws UserError (rejects with it) */
export async function sightOf(caller: Caller): Promise<string> {
  const asked = `${PeopleService.typeName.replace('ostiary.v1.', '')}/${PeopleService.method.whoAmI.name}`;
  const { limits, roles } = await callServer(asked, {}, WhoAmIResponseSchema, caller);
  const isNarrowed = limits !== undefined && limits.kinds.length + limits.teams.length + limits.verbs.length > 0;
  const isWide = roles.some(({ team, role }) => team === PLATFORM_TEAM && WIDE.has(role));
  if (isWide && !isNarrowed) return EVERYTHING;
  const texts = roles.map(({ team, role }) => `${team} ${role}`).toSorted();
  const told = JSON.stringify([texts, limits && [limits.kinds, limits.teams].map((each) => each.toSorted())]);
  return `roles-${createHash('sha256').update(told).digest('hex').slice(0, DIGITS)}`;
}
