import { DiffResponseSchema, Effect } from '../../../gen/ostiary/v1/resources_pb.js';
import type { Difference } from '../../../gen/ostiary/v1/resources_pb.js';
import { UserError } from '../../errors.ts';
import { text, toggle } from '../../flags.ts';
import { shown } from '../analytics/shown.ts';
import { defineCommand } from '../command.ts';
import { fileFlag } from './apply.ts';
import { documentsOf, faultLines } from './documents-of.ts';
import { impactText } from './impact-text.ts';
import { shortName } from './kinds.ts';
import { lineDiff } from './line-diff.ts';
import { ownerFlags, refuseOwnerFlags } from './owner-flags.ts';
import { whereOf } from './places.ts';
import { callServer, serverFlags } from './server.ts';
import { yamlText } from './yaml-text.ts';

/** Shows what an apply would change. */
export const command = defineCommand({
  usage: 'diff -f PATH [FLAGS]',
  summary:
    'Shows what ostiary apply would change, line by line, and writes nothing.\n' +
    'Exit codes: 0 if nothing would change, 1 if something would, 2 if there are faults or it failed.',
  examples: ['diff -f policies/', 'diff -f policies/ --set shop --prune'],
  flags: {
    ...fileFlag,
    set: text(undefined, 'NAME', 'the name of these documents together'),
    prune: toggle('show what --prune of apply would delete'),
    ...ownerFlags,
    ...serverFlags,
  },
  maxArguments: 0,
  async run({ values }, environment) {
    const { file, set, prune, owner, source, takeOver } = values;
    if (file.length === 0) throw new UserError('no documents are named: ostiary diff -f PATH', 2);
    if (prune && set === undefined) throw new UserError('--prune needs --set: it deletes of one set alone', 2);
    refuseOwnerFlags({ ...values, reason: '-' });
    const documents = await documentsOf(file);
    const request = {
      documents: documents.map(({ value, place }) => ({ document: value, file: whereOf(place) })),
      set,
      prune,
      owner,
      source,
      takeOver,
    };
    const answer = await callServer('ResourceService/Diff', request, DiffResponseSchema, { values, environment });
    const told = [...faultLines(answer.warnings, documents), ...faultLines(answer.faults, documents)];
    for (const line of told) process.stderr.write(`${line}\n`);
    if (answer.faults.length > 0) throw new UserError('these documents would be refused', 2);
    process.stdout.write(answer.differences.map(diffText).join(''));
    const concerns = impactText(answer.impact);
    if (concerns !== '') process.stderr.write(`${concerns}\n`);
    if (answer.differences.some(({ effect }) => effect !== Effect.UNCHANGED)) return 1;
    process.stderr.write('nothing would change\n');
    return 0;
  },
});

/** Line by line; empty where nothing would change. */
export function diffText({ resource, effect, before, after, owner, source }: Difference): string {
  if (effect === Effect.UNCHANGED) return '';
  const name = resource === undefined ? '' : shown(shortName(resource));
  const whose = owner === '' || owner === 'api' ? '' : ` (owner ${shown([owner, source].join(' ').trim())})`;
  const lines = lineDiff(name + whose, linesOf(before), linesOf(after));
  return lines === '' ? `${name}${whose}: its owner changes, or its set\n` : lines;
}

function linesOf(document: object | undefined): readonly string[] {
  return document === undefined ? [] : yamlText(document).trimEnd().split('\n').map(shown);
}
