import { GetHeadResponseSchema, ListEntriesResponseSchema } from '../../../gen/ostiary/v1/audit_pb.js';
import type { AuditEntry } from '../../../gen/ostiary/v1/audit_pb.js';
import { AUDIT_ACTIONS, CHANGE_ACTIONS } from '../../audit/event.ts';
import { systemClock } from '../../clock.ts';
import { UserError } from '../../errors.ts';
import { integer, oneOf, text, toggle } from '../../flags.ts';
import { didYouMean } from '../../nearest.ts';
import { jsonText } from '../analytics/shown.ts';
import { momentText, pastMoment } from '../analytics/time-flags.ts';
import { defineCommand } from '../command.ts';
import { entriesTable, entryJson } from './audit-entries.ts';
import { exportToFile, exportToOutput } from './audit-export.ts';
import { verifyFile, verifyServer } from './audit-verify.ts';
import { kindOf } from './kinds.ts';
import { callServer, serverFlags } from './server.ts';
import type { Caller } from './server.ts';
import { yamlText } from './yaml-text.ts';

const TASKS = ['verify', 'export', 'head', 'key'];
const SERVER = ['server', 'serverCa', 'requestTimeout', 'tokenFile'] as const;
const PAGE = 1000;

/** Tells who did what. */
export const command = defineCommand({
  usage: 'audit [verify [FILE]|export FILE|head|key] [FLAGS]',
  summary:
    'Tells who did what, when, from where and why, the latest first: changes by their revision, and events that\n' +
    'change nothing (logins, denials, reads of secrets) by their number, as e12.\n' +
    'verify: computes all hashes anew, and compares the resources with what the changes make of them; with FILE,\n' +
    'those of an export, without a control plane. With --head, finds a trail that was written anew. Exit code 1 if\n' +
    'something does not fit.\n' +
    'export: writes all of it as lines of JSON; a file that is there is continued. -: standard output.\n' +
    'head: how far it has come, signed. Keep it where nobody who can write to the database can change it.\n' +
    'key: the public key that heads are signed with.',
  examples: [
    'audit --since 24h',
    'audit --action denied --since 7d',
    'audit --kind contract --name web-shop-orders -o json # with what it was before and after',
    'audit export trail.ndjson && ostiary audit verify trail.ndjson',
    'audit verify --head yesterday.json',
  ],
  flags: {
    kind: text(undefined, 'KIND', 'what was done to objects of this kind, such as contract'),
    name: text(undefined, 'NAME', 'what was done to objects of this name'),
    namespace: { ...text(undefined, 'NAME', 'what was done in this namespace'), short: 'n' },
    actor: text(undefined, 'WHO', 'what they did, such as token:ci-orders; -: who has not shown who they are'),
    credential: text(undefined, 'ID', 'what was done by it, such as session:ID or token:ID'),
    address: text(undefined, 'ADDRESS', 'what was done from there'),
    action: text(undefined, 'ACTION', 'created, changed, deleted, or of events, such as login, denied or secret.read'),
    outcome: oneOf('any', ['any', 'done', 'denied', 'failed', 'begun'], 'how it ended'),
    since: text(undefined, 'TIME', 'from when on: so long ago (30m, 24h, 7d) or a moment', pastMoment),
    until: text(undefined, 'TIME', 'until when (default now)', pastMoment),
    limit: integer(100, 1, 100_000, 'how many are told'),
    follow: { ...toggle('goes on with what is written later'), short: 'f' },
    head: text(undefined, 'FILE', 'a signed head that was kept elsewhere, or a log with one: the last of it'),
    key: text(undefined, 'FILE', 'the public key that the heads of FILE are to be signed with'),
    output: { ...oneOf('table', ['table', 'json', 'yaml'], 'a table; or JSON or YAML with all of it'), short: 'o' },
    ...serverFlags,
  },
  sections: { kind: 'Which', follow: 'Of export and verify', output: 'How', server: 'Where' },
  maxArguments: 2,
  argumentWords: TASKS,
  concerned([task, file]) {
    if (task === 'verify') return ['head', 'output', ...(file === undefined ? SERVER : (['key'] as const))];
    if (task === 'export') return ['follow', ...SERVER];
    if (task === 'head' || task === 'key') return SERVER;
    // The help without a task has all of them.
    return undefined;
  },
  async run({ values, given, positionals: [task, file] }, environment) {
    const caller = { values, environment };
    if (file !== undefined && task !== 'verify' && task !== 'export') {
      throw new UserError(`unexpected argument ${JSON.stringify(file)}: see ostiary audit --help`, 2);
    }
    switch (task) {
      case 'verify':
        return file === undefined ? verifyServer(values, caller) : verifyFile(file, values);
      case 'export':
        if (file === undefined)
          throw new UserError('which file? ostiary audit export FILE, or - for standard output', 2);
        return file === '-' ? exportToOutput(values.follow, caller) : exportToFile(file, values.follow, caller);
      case 'head':
      case 'key': {
        const told = await callServer('AuditService/GetHead', {}, GetHeadResponseSchema, caller);
        process.stdout.write(task === 'head' ? `${told.head}\n` : told.publicKey);
        return 0;
      }
      case undefined: {
        const other = (['follow', 'head', 'key'] as const).find((flag) => given.has(flag));
        if (other !== undefined) {
          throw new UserError(`--${other} is of ostiary audit ${other === 'follow' ? 'export' : 'verify'}`, 2);
        }
        return list(values, caller);
      }
      default: {
        const meant = didYouMean(task, TASKS) || '.';
        throw new UserError(`audit does not know ${JSON.stringify(task)}${meant} Expected ${TASKS.join(', ')}`, 2);
      }
    }
  },
});

const WHICH = [
  'kind',
  'name',
  'namespace',
  'actor',
  'credential',
  'address',
  'action',
  'outcome',
  'since',
  'until',
] as const;

type Values = Readonly<Record<(typeof WHICH)[number], string | undefined>> & {
  readonly limit: number;
  readonly output: 'table' | 'json' | 'yaml';
};

async function list(values: Values, caller: Caller): Promise<number> {
  const { kind, since, until, limit, output, action, ...same } = values;
  const actions = [...CHANGE_ACTIONS, ...Object.keys(AUDIT_ACTIONS)];
  if (action !== undefined && !actions.includes(action)) {
    const meant = didYouMean(action, actions) || '.';
    throw new UserError(`--action ${action}: there is no such action${meant} Expected one of ${actions.join(', ')}`, 2);
  }
  const now = systemClock.now();
  const { name, namespace, actor, credential, address, outcome } = same;
  const asked = {
    name,
    namespace,
    actor,
    credential,
    address,
    action,
    outcome: outcome === 'any' ? '' : outcome,
    kind: kind === undefined ? '' : kindOf(kind),
    since: since && momentText(since, now),
    until: until && momentText(until, now),
  };
  const entries: AuditEntry[] = [];
  let pageToken = '';
  do {
    const request = { ...asked, pageSize: Math.min(PAGE, limit - entries.length), pageToken };
    const page = await callServer('AuditService/ListEntries', request, ListEntriesResponseSchema, caller);
    entries.push(...page.entries);
    pageToken = page.nextPageToken;
  } while (pageToken !== '' && entries.length < limit);
  if (output === 'table') process.stdout.write(entriesTable(entries));
  else
    process.stdout.write(
      output === 'json' ? `${jsonText(entries.map(entryJson))}\n` : yamlText(entries.map(entryJson)),
    );
  return 0;
}
