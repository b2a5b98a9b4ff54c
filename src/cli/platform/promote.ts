import { ApplyResponseSchema, DiffResponseSchema, Effect } from '../../../gen/ostiary/v1/resources_pb.js';
import type { DiffResponse } from '../../../gen/ostiary/v1/resources_pb.js';
import { UserError } from '../../errors.ts';
import { list, text } from '../../flags.ts';
import { shown } from '../analytics/shown.ts';
import { defineCommand } from '../command.ts';
import { diffText } from './diff.ts';
import { faultLines } from './documents-of.ts';
import { namespaceFlag } from './get.ts';
import { shortName } from './kinds.ts';
import { promotionOf } from './promotion.ts';
import { callServer, serverFlags } from './server.ts';
import { waitOf, writeFlags } from './write-flags.ts';
import { printWritten } from './written.ts';

/** Brings an API to another namespace. */
export const command = defineCommand({
  usage: 'promote NAME --to NAMESPACE [FLAGS]',
  summary:
    'Brings an API with its tiers, its policies and the bindings that name it from one namespace to another, such as from\n' +
    'sandbox to production: shows what changes there, and writes it in one transaction. What is in the first namespace\n' +
    'stays. Contracts belong to their namespace and are not taken along. Where the API is in the other namespace already,\n' +
    'it keeps its hosts and its public URL there.\n' +
    'Exit codes: 1 if it is refused, 3 if a sidecar does not enforce it within --wait.',
  examples: [
    'promote orders -n sandbox --to production --dry-run',
    'promote orders -n sandbox --to production --host orders.example.com --reason "version 1.4"',
  ],
  flags: {
    ...namespaceFlag,
    to: text(undefined, 'NAMESPACE', 'where it is brought'),
    host: list([], 'HOST', 'a host that it has there, in place of those that it has; repeatable'),
    skip: list([], 'NAME', 'a binding that is not needed there; repeatable'),
    ...writeFlags,
    ...serverFlags,
  },
  sections: { namespace: 'What', reason: 'How', server: 'Where' },
  maxArguments: 1,
  async run({ values, positionals: [given] }, environment) {
    const { namespace, to, host, skip, dryRun, reason, wait, output } = values;
    if (given === undefined) throw new UserError('which API? ostiary promote NAME --to NAMESPACE', 2);
    if (to === undefined) throw new UserError(`where to? ostiary promote ${given} --to NAMESPACE`, 2);
    const slash = given.indexOf('/');
    if (slash >= 0 && namespace !== undefined) {
      throw new UserError('the namespace is given twice: leave -n out, or name the API alone', 2);
    }
    const from = slash >= 0 ? given.slice(0, slash) : (namespace ?? 'default');
    const caller = { values, environment };
    const promotion = await promotionOf({ from, name: given.slice(slash + 1), to, hosts: host, skip }, caller);
    const { documents, notes } = promotion;
    const diff = await callServer('ResourceService/Diff', { documents }, DiffResponseSchema, caller);
    for (const line of faultLines(diff.warnings, [])) process.stderr.write(`${line}\n`);
    for (const note of notes) process.stderr.write(`${shown(note)}\n`);
    if (diff.faults.length > 0) {
      process.stderr.write(`${faultLines(diff.faults, []).join('\n')}\n`);
      throw new UserError('nothing was written: the API can not be there as it is');
    }
    refuseShadowed(diff, to);
    // JSON is for programs: the changes alone.
    const changes = diff.differences.map(diffText).join('');
    (output === 'json' ? process.stderr : process.stdout).write(changes);
    const answer = await callServer(
      'ResourceService/Apply',
      { documents, dryRun, reason, wait: waitOf(wait) },
      ApplyResponseSchema,
      caller,
    );
    if (answer.faults.length > 0) throw new UserError(faultLines(answer.faults, []).join('\n'));
    return printWritten(answer, output, dryRun);
  },
});

/** An older API with the same host and path keeps the requests: the new one would get none. */
function refuseShadowed({ warnings, differences }: DiffResponse, to: string): void {
  const isNew = differences.some(({ resource, effect }) => resource?.kind === 'Api' && effect === Effect.CREATED);
  const shadow = warnings.find(({ message }) => message.includes('It is older and gets the requests'));
  if (!isNew || shadow === undefined) return;
  const api = differences.find(({ resource }) => resource?.kind === 'Api')?.resource;
  const name = api === undefined ? 'the API' : shortName(api);
  throw new UserError(
    `${shown(name)} would get no request, since an older API has its host and path: give it another host in ${shown(to)} by --host`,
  );
}
