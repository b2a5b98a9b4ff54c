import { ApplyResponseSchema } from '../../../gen/ostiary/v1/resources_pb.js';
import { UserError } from '../../errors.ts';
import { list, text, toggle } from '../../flags.ts';
import { defineCommand } from '../command.ts';
import { documentsOf, faultLines } from './documents-of.ts';
import { whereOf } from './places.ts';
import { callServer, serverFlags } from './server.ts';
import { ownerFlags, refuseOwnerFlags } from './owner-flags.ts';
import { waitOf, writeFlags } from './write-flags.ts';
import { printWritten } from './written.ts';

export const fileFlag = {
  file: {
    ...list([], 'PATH', 'a file with documents, or a folder: all *.yaml, *.yml and *.json below it; repeatable'),
    short: 'f',
  },
};

/** Writes documents to the control plane. */
export const command = defineCommand({
  usage: 'apply -f PATH [FLAGS]',
  summary:
    'Writes documents to the control plane: all of them, or none where one has a fault. A document that is as it was\n' +
    'is left alone. --set gives the documents a name together: with --prune, what was applied with the same set before\n' +
    'and is in no file now is deleted. --owner git says that they are kept in Git, at --source: nobody writes them\n' +
    'anywhere else then, and whoever tries is told where.\n' +
    'Exit codes: 1 if there are faults or the control plane refuses, 3 if a sidecar does not enforce it within --wait.',
  examples: [
    'apply -f policies/',
    'apply -f orders.yaml --wait 5s --reason "more quota for the sale"',
    'apply -f policies/ --set shop --prune --dry-run # what would be deleted',
    'apply -f policies/ --owner git --source https://git.example.com/shop --set shop --prune',
  ],
  flags: {
    ...fileFlag,
    set: text(undefined, 'NAME', 'the name of these documents together'),
    prune: toggle('delete what was applied with the same --set before and is not there any more'),
    ...ownerFlags,
    ...writeFlags,
    ...serverFlags,
  },
  sections: { file: 'What is written', reason: 'How', server: 'Where' },
  maxArguments: 0,
  async run({ values }, environment) {
    const { file, set, prune, owner, source, takeOver, dryRun, reason, wait, output } = values;
    if (file.length === 0) throw new UserError('no documents are named: ostiary apply -f PATH', 2);
    if (prune && set === undefined) throw new UserError('--prune needs --set: it deletes of one set alone', 2);
    refuseOwnerFlags(values);
    const documents = await documentsOf(file);
    const answer = await callServer(
      'ResourceService/Apply',
      {
        documents: documents.map(({ value, place }) => ({ document: value, file: whereOf(place) })),
        dryRun,
        set,
        prune,
        owner,
        source,
        takeOver,
        reason,
        wait: waitOf(wait),
      },
      ApplyResponseSchema,
      { values, environment },
    );
    for (const line of faultLines(answer.warnings, documents)) process.stderr.write(`${line}\n`);
    const faults = faultLines(answer.faults, documents);
    if (faults.length > 0) {
      process.stderr.write(`${faults.join('\n')}\n`);
      throw new UserError(`nothing was written: ${faults.length === 1 ? 'one fault' : `${faults.length} faults`}`);
    }
    return printWritten(answer, output, dryRun);
  },
});
