import type { DescMessage, MessageShape } from '@bufbuild/protobuf';
import {
  ApproveResponseSchema,
  ChangeTierResponseSchema,
  ContractState,
  RejectResponseSchema,
  RequestResponseSchema,
  RestoreResponseSchema,
  RevokeResponseSchema,
} from '../../../gen/ostiary/v1/contracts_pb.js';
import type { ApproveResponse, Contract } from '../../../gen/ostiary/v1/contracts_pb.js';
import { UserError } from '../../errors.ts';
import { text } from '../../flags.ts';
import { didYouMean } from '../../nearest.ts';
import { shown } from '../analytics/shown.ts';
import { defineCommand } from '../command.ts';
import { faultLines } from './documents-of.ts';
import { namespaceFlag } from './get.ts';
import { shortName } from './kinds.ts';
import { isoText, secondsText } from './moments.ts';
import { callServer, serverFlags } from './server.ts';
import { printOutcome } from './outcome.ts';
import { waitOf, writeFlags } from './write-flags.ts';

/** What is common to the answers of all methods. */
type Answer = Pick<ApproveResponse, 'contract' | 'revision' | 'receipt' | 'warnings'>;

interface Action {
  readonly method: string;
  readonly answer: DescMessage;
}

const ACTIONS: ReadonlyMap<string, Action> = new Map([
  ['request', { method: 'Request', answer: RequestResponseSchema }],
  ['approve', { method: 'Approve', answer: ApproveResponseSchema }],
  ['reject', { method: 'Reject', answer: RejectResponseSchema }],
  ['revoke', { method: 'Revoke', answer: RevokeResponseSchema }],
  ['restore', { method: 'Restore', answer: RestoreResponseSchema }],
  ['change-tier', { method: 'ChangeTier', answer: ChangeTierResponseSchema }],
]);

const STATES: ReadonlyMap<ContractState, string> = new Map([
  [ContractState.PENDING, 'pending'],
  [ContractState.APPROVED, 'approved'],
  [ContractState.REJECTED, 'rejected'],
  [ContractState.REVOKED, 'revoked'],
]);

const OF_REQUEST = ['app', 'api'] as const;

/** The life of a contract. */
export const command = defineCommand({
  usage: 'contract request|approve|reject|revoke|restore|change-tier [NAME] [FLAGS]',
  summary:
    'Asks for a contract between a client application and an API, approves or rejects one that waits, revokes one that\n' +
    'is in force, restores one that was revoked, or moves one to another tier of its API. A tier may approve at once.\n' +
    'With --wait it tells how many sidecars enforce it. ostiary get contracts lists them.\n' +
    'Exit codes: 1 if the contract is in another state, 3 if a sidecar does not enforce it within --wait.',
  examples: [
    'contract request --app web-shop --api orders --tier gold --reason "for the new shop"',
    'contract approve web-shop-orders --wait 2s',
    'contract revoke web-shop-orders --wait 2s --reason "leaked secret"',
    'contract change-tier web-shop-orders --tier gold',
  ],
  flags: {
    ...namespaceFlag,
    app: text(undefined, 'NAME', 'of request: the client application'),
    api: text(undefined, 'NAME', 'of request: the API'),
    tier: text(undefined, 'NAME', 'of request and change-tier: the tier of the API'),
    ...writeFlags,
    ...serverFlags,
  },
  sections: { namespace: 'Which', reason: 'How', server: 'Where' },
  maxArguments: 2,
  argumentWords: [...ACTIONS.keys()],
  concerned([name = ''], values) {
    if (!ACTIONS.has(name) || name === 'request') return undefined;
    const others = Object.keys(values).filter((key) => !OF_REQUEST.some((own) => own === key));
    return (name === 'change-tier' ? others : others.filter((key) => key !== 'tier')) as (keyof typeof values)[];
  },
  async run({ values, positionals: [name = '', contract] }, environment) {
    const action = actionOf(name);
    const { app, api, tier, namespace, dryRun, reason, wait, output } = values;
    if (name === 'request' && (app === undefined || api === undefined)) {
      throw new UserError('between whom? ostiary contract request --app NAME --api NAME', 2);
    }
    if (name !== 'request' && contract === undefined) {
      throw new UserError(`which contract? ostiary contract ${name} NAME`, 2);
    }
    if (name === 'change-tier' && tier === undefined) {
      throw new UserError('to which tier? ostiary contract change-tier NAME --tier TIER', 2);
    }
    const parties = name === 'request' ? { clientApplication: app, api } : {};
    const answer = await ask(
      action,
      { namespace, name: contract, reason, wait: waitOf(wait), dryRun, tier, ...parties },
      { values, environment },
    );
    for (const line of faultLines(answer.warnings, [])) process.stderr.write(`${line}\n`);
    return printOutcome(answer, { output, dryRun }, { contract: jsonOf(answer.contract) }, [lineOf(answer, dryRun)]);
  },
});

/** @throws UserError */
function actionOf(name: string): Action {
  const action = ACTIONS.get(name);
  if (action !== undefined) return action;
  const names = [...ACTIONS.keys()];
  if (name === 'list') throw new UserError('ostiary get contracts lists contracts', 2);
  const given =
    name === ''
      ? 'an action comes first.'
      : `there is no action ${JSON.stringify(name)}${didYouMean(name, names) || '.'}`;
  throw new UserError(`${given} Expected ostiary contract ${names.join('|')} NAME`, 2);
}

async function ask(
  { method, answer }: Action,
  request: object,
  caller: Parameters<typeof callServer>[3],
): Promise<Answer> {
  const told: MessageShape<DescMessage> = await callServer(`ContractService/${method}`, request, answer, caller);
  return told as unknown as Answer;
}

function lineOf({ contract, revision }: Answer, isDryRun: boolean): string {
  if (contract === undefined) return `revision ${revision}`;
  const name = shown(shortName({ ...contract, kind: 'Contract' }));
  const state = STATES.get(contract.state) ?? 'in a state that this program does not know';
  const tier = contract.tier === '' ? '' : `, tier ${shown(contract.tier)}`;
  const end = contract.expires === undefined ? '' : `, until ${secondsText(contract.expires)}`;
  if (isDryRun) return `${name} would be ${state}${tier}${end} (dry run)`;
  return `${name} is ${state}${tier}${end} (revision ${contract.revision})`;
}

function jsonOf(contract: Contract | undefined): object | undefined {
  if (contract === undefined) return undefined;
  const { namespace, name, clientApplication, api, tier, state, expires, revision } = contract;
  return {
    namespace,
    name,
    clientApplication,
    api,
    ...(tier !== '' && { tier }),
    state: STATES.get(state) ?? 'unknown',
    ...(expires !== undefined && { expires: isoText(expires) }),
    revision: Number(revision),
  };
}
