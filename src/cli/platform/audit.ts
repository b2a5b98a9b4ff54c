import { ListChangesResponseSchema, VerifyResponseSchema } from '../../../gen/ostiary/v1/audit_pb.js';
import type { AuditedChange } from '../../../gen/ostiary/v1/audit_pb.js';
import { systemClock } from '../../clock.ts';
import { UserError } from '../../errors.ts';
import { integer, oneOf, text } from '../../flags.ts';
import { printJson } from '../analytics/asking.ts';
import { table } from '../analytics/table.ts';
import { momentText, pastMoment } from '../analytics/time-flags.ts';
import { defineCommand } from '../command.ts';
import { kindOf, shortName } from './kinds.ts';
import { isoText, secondsText } from './moments.ts';
import { callServer, serverFlags } from './server.ts';
import type { Caller } from './server.ts';
import { effectName } from './written.ts';
import { jsonText } from '../analytics/shown.ts';

/** Tells who changed what. */
export const command = defineCommand({
  usage: 'audit [verify] [FLAGS]',
  summary:
    'Tells who changed what, when and why, the latest first. verify computes the hash of every change anew, and\n' +
    'compares the resources with what the changes make of them: exit code 1 if something does not fit.',
  examples: [
    'audit --since 24h',
    'audit --kind contract --name web-shop-orders -o json # with what it was before and after',
    'audit verify',
  ],
  flags: {
    kind: text(undefined, 'KIND', 'changes of this kind, such as contract'),
    name: text(undefined, 'NAME', 'changes of resources of this name'),
    namespace: { ...text(undefined, 'NAME', 'changes in this namespace'), short: 'n' },
    actor: text(undefined, 'WHO', 'changes by them, such as token:ci-orders'),
    since: text(undefined, 'TIME', 'from when on: so long ago (30m, 24h, 7d) or a moment', pastMoment),
    until: text(undefined, 'TIME', 'until when (default now)', pastMoment),
    limit: integer(100, 1, 1000, 'how many are told'),
    output: { ...oneOf('table', ['table', 'json'], 'a table, or JSON with the contents before and after'), short: 'o' },
    ...serverFlags,
  },
  sections: { kind: 'Which changes', output: 'How', server: 'Where' },
  maxArguments: 1,
  argumentWords: ['verify'],
  concerned: ([name]) =>
    name === 'verify' ? ['output', 'server', 'serverCa', 'requestTimeout', 'tokenFile'] : undefined,
  async run({ values, positionals: [name] }, environment) {
    const caller = { values, environment };
    if (name === 'verify') return verify(values.output, caller);
    if (name !== undefined) throw new UserError(`audit knows ${JSON.stringify(name)} not: ostiary audit [verify]`, 2);
    const { kind, namespace, actor, since, until, limit, output } = values;
    const now = systemClock.now();
    const request = {
      kind: kind === undefined ? '' : kindOf(kind),
      namespace,
      name: values.name,
      actor,
      since: since && momentText(since, now),
      until: until && momentText(until, now),
      pageSize: limit,
    };
    const { changes } = await callServer('AuditService/ListChanges', request, ListChangesResponseSchema, caller);
    process.stdout.write(output === 'json' ? `${jsonText(changes.map(jsonOf))}\n` : tableOf(changes));
    return 0;
  },
});

async function verify(output: 'table' | 'json', caller: Caller): Promise<number> {
  const answer = await callServer('AuditService/Verify', {}, VerifyResponseSchema, caller);
  const { history, revision, hash, problems } = answer;
  if (output === 'json') {
    const told = { history, revision: Number(revision), hash, problems };
    printJson(told);
  } else if (problems.length === 0) {
    process.stdout.write(`all changes up to revision ${revision} are as they were written (${hash})\n`);
  } else {
    process.stdout.write(problems.map((problem) => `${problem}\n`).join(''));
  }
  return problems.length === 0 ? 0 : 1;
}

function tableOf(changes: readonly AuditedChange[]): string {
  if (changes.length === 0) return 'nothing was changed\n';
  const columns = ['REVISION', 'WHEN', 'WHO', 'WHAT', 'CHANGE', 'WHY'].map((title) => ({
    title,
    isNumber: title === 'REVISION',
  }));
  const rows = changes.map((change) => [
    String(change.revision),
    secondsText(change.at),
    change.actor,
    change.resource === undefined ? '' : shortName(change.resource),
    effectName(change.effect),
    change.reason,
  ]);
  return table(columns, rows);
}

function jsonOf(change: AuditedChange): object {
  const { revision, actor, reason, resource, effect, before, after, hash } = change;
  return {
    revision: Number(revision),
    at: isoText(change.at),
    actor,
    ...(reason !== '' && { reason }),
    kind: resource?.kind,
    namespace: resource?.namespace,
    name: resource?.name,
    effect: effectName(effect),
    ...(before !== undefined && { before }),
    ...(after !== undefined && { after }),
    hash,
  };
}
