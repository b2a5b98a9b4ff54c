import { ApplyResponseSchema } from '../../../gen/ostiary/v1/resources_pb.js';
import { UserError } from '../../errors.ts';
import { text } from '../../flags.ts';
import { didYouMean } from '../../nearest.ts';
import { defineCommand } from '../command.ts';
import { faultLines } from './documents-of.ts';
import { getOne, namespaceFlag } from './get.ts';
import { shortName } from './kinds.ts';
import { textAt, valueAt } from './resources.ts';
import { callServer, serverFlags } from './server.ts';
import { waitOf, writeFlags } from './write-flags.ts';
import { printWritten } from './written.ts';

/** What can be done with a contract, and from which states. */
const ACTIONS: ReadonlyMap<string, { readonly status: string | undefined; readonly from: readonly string[] }> = new Map(
  [
    ['approve', { status: 'approved', from: ['pending', 'rejected'] }],
    ['reject', { status: 'rejected', from: ['pending'] }],
    ['revoke', { status: 'revoked', from: ['approved', 'pending'] }],
    ['restore', { status: 'approved', from: ['revoked'] }],
    ['change-tier', { status: undefined, from: ['approved', 'pending'] }],
  ],
);

/** Approves, rejects, revokes and restores contracts. */
export const command = defineCommand({
  usage: 'contract approve|reject|revoke|restore|change-tier NAME [FLAGS]',
  summary:
    'Approves or rejects a contract that waits, revokes one that is in force, restores one that was revoked, or moves\n' +
    'one to another tier of its API. With --wait it tells how many sidecars enforce it.\n' +
    'Exit codes: 1 if the contract is in another state, 3 if a sidecar does not enforce it within --wait.',
  examples: [
    'contract approve web-shop-orders --wait 2s',
    'contract revoke web-shop-orders --wait 2s --reason "leaked secret"',
    'contract change-tier web-shop-orders --tier gold',
  ],
  flags: {
    ...namespaceFlag,
    tier: text(undefined, 'NAME', 'of change-tier: the tier that the contract moves to'),
    ...writeFlags,
    ...serverFlags,
  },
  sections: { namespace: 'Which', reason: 'How', server: 'Where' },
  maxArguments: 2,
  argumentWords: [...ACTIONS.keys()],
  async run({ values, positionals: [name = '', contract] }, environment) {
    const action = ACTIONS.get(name);
    const names = [...ACTIONS.keys()];
    if (action === undefined) {
      const given =
        name === ''
          ? 'an action comes first.'
          : `there is no action ${JSON.stringify(name)}${didYouMean(name, names) || '.'}`;
      throw new UserError(`${given} Expected ostiary contract ${names.join('|')} NAME`, 2);
    }
    if (contract === undefined) throw new UserError(`which contract? ostiary contract ${name} NAME`, 2);
    const { tier, namespace, dryRun, reason, wait, output } = values;
    if ((name === 'change-tier') !== (tier !== undefined)) {
      throw new UserError('--tier belongs to change-tier: ostiary contract change-tier NAME --tier TIER', 2);
    }
    const caller = { values, environment };
    const found = await getOne({ kind: 'Contract', namespace: namespace ?? '', name: contract }, caller);
    // Without one its tier says whether it waits.
    const status = textAt(found.document, 'spec.status');
    if (status !== '' && !action.from.includes(status)) {
      throw new UserError(
        `${shortName(found)} is ${status}: ${name} is for contracts that are ${action.from.join(' or ')}`,
      );
    }
    const spec = valueAt(found.document, 'spec') as object;
    const document = {
      ...found.document,
      spec: { ...spec, ...(action.status === undefined ? { tier } : { status: action.status }) },
    };
    const answer = await callServer(
      'ResourceService/Apply',
      {
        documents: [{ document, file: shortName(found), expectedRevision: String(found.revision) }],
        dryRun,
        reason,
        wait: waitOf(wait),
      },
      ApplyResponseSchema,
      caller,
    );
    if (answer.faults.length > 0) throw new UserError(faultLines(answer.faults, []).join('\n'));
    return printWritten(answer, output, dryRun);
  },
});
