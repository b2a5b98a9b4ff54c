import { WhoAmIResponseSchema } from '../../../gen/ostiary/v1/people_pb.js';
import type { WhoAmIResponse } from '../../../gen/ostiary/v1/people_pb.js';
import { oneOf } from '../../flags.ts';
import { printJson } from '../analytics/asking.ts';
import { shown } from '../analytics/shown.ts';
import { defineCommand } from '../command.ts';
import { isoText, secondsText } from './moments.ts';
import { callServer, serverFlags } from './server.ts';

/** Tells who calls. */
export const command = defineCommand({
  usage: 'whoami [FLAGS]',
  summary: 'Tells who you are to the control plane, by which credential, and which roles you have.',
  examples: ['whoami', 'whoami -o json'],
  flags: { output: { ...oneOf('text', ['text', 'json'], 'for people, or JSON'), short: 'o' }, ...serverFlags },
  sections: { output: 'How', server: 'Where' },
  maxArguments: 0,
  async run({ values }, environment) {
    const answer = await callServer('PeopleService/WhoAmI', {}, WhoAmIResponseSchema, { values, environment });
    if (values.output === 'json') printJson(jsonOf(answer));
    else process.stdout.write(textOf(answer));
    return 0;
  },
});

function textOf({ credential, expires, groups, limits, member, name, roles }: WhoAmIResponse): string {
  const rows: (readonly [string, string])[] = [
    ['name', name],
    ['in a Team', name === 'bootstrap' ? '' : member],
    ['credential', credential],
    ['until', secondsText(expires)],
    ['groups', groups.join(', ')],
    ['roles', roles.length === 0 ? 'none' : roles.map(({ role, team }) => `${role} of ${team}`).join(', ')],
    ['verbs', limits?.verbs.join(', ') ?? ''],
    ['kinds', limits?.kinds.join(', ') ?? ''],
    ['teams', limits?.teams.join(', ') ?? ''],
  ];
  return rows
    .filter(([, value]) => value !== '')
    .map(([title, value]) => `${title.padEnd(12)}${shown(value)}\n`)
    .join('');
}

function jsonOf({ credential, expires, groups, limits, member, name, roles }: WhoAmIResponse): object {
  return {
    name,
    member,
    credential,
    groups,
    roles: roles.map(({ role, team }) => ({ team, role })),
    ...(limits && { limits: { verbs: limits.verbs, kinds: limits.kinds, teams: limits.teams } }),
    ...(expires && { expires: isoText(expires) }),
  };
}
