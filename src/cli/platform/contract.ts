import type { DescMessage, MessageShape } from '@bufbuild/protobuf';
import {
  ApproveResponseSchema,
  ChangeTierResponseSchema,
  GetContractResponseSchema,
  RejectResponseSchema,
  RequestResponseSchema,
  RestoreResponseSchema,
  RevokeResponseSchema,
  SetExpiryResponseSchema,
  WithdrawResponseSchema,
} from '../../../gen/ostiary/v1/contracts_pb.js';
import type { ApproveResponse } from '../../../gen/ostiary/v1/contracts_pb.js';
import { systemClock } from '../../clock.ts';
import { UserError } from '../../errors.ts';
import { text } from '../../flags.ts';
import { didYouMean } from '../../nearest.ts';
import { ApiRefusal } from '../api-call.ts';
import { printJson } from '../analytics/asking.ts';
import { shown } from '../analytics/shown.ts';
import { comingMoment, comingMomentText } from '../analytics/time-flags.ts';
import { defineCommand } from '../command.ts';
import { contractJson, contractLine, contractLines } from './contract-text.ts';
import { faultLines } from './documents-of.ts';
import { namespaceFlag } from './get.ts';
import { shortName } from './kinds.ts';
import { callServer, serverFlags } from './server.ts';
import { printOutcome } from './outcome.ts';
import { waitOf, writeFlags } from './write-flags.ts';

/** What is common to the answers of all methods that write. */
type Answer = Pick<ApproveResponse, 'contract' | 'revision' | 'receipt' | 'warnings'>;

interface Action {
  readonly method: string;
  readonly answer: DescMessage;
  /** Flags that it alone, or few actions, have. */
  readonly flags: readonly string[];
}

const ACTIONS: ReadonlyMap<string, Action> = new Map([
  [
    'request',
    { method: 'Request', answer: RequestResponseSchema, flags: ['app', 'api', 'tier', 'acceptTerms', 'expires'] },
  ],
  ['approve', { method: 'Approve', answer: ApproveResponseSchema, flags: ['expires'] }],
  ['reject', { method: 'Reject', answer: RejectResponseSchema, flags: [] }],
  ['revoke', { method: 'Revoke', answer: RevokeResponseSchema, flags: [] }],
  ['restore', { method: 'Restore', answer: RestoreResponseSchema, flags: [] }],
  ['change-tier', { method: 'ChangeTier', answer: ChangeTierResponseSchema, flags: ['tier', 'acceptTerms'] }],
  ['withdraw', { method: 'Withdraw', answer: WithdrawResponseSchema, flags: [] }],
  ['expire', { method: 'SetExpiry', answer: SetExpiryResponseSchema, flags: ['expires'] }],
  ['show', { method: 'GetContract', answer: GetContractResponseSchema, flags: [] }],
]);
const OWN_FLAGS: ReadonlySet<string> = new Set([...ACTIONS.values()].flatMap(({ flags }) => flags));
const OF_WRITES: ReadonlySet<string> = new Set(['reason', 'wait', 'dryRun']);
const NEVER = 'never';

/** The life of a contract. */
export const command = defineCommand({
  usage: `contract ${[...ACTIONS.keys()].join('|')} [NAME] [FLAGS]`,
  summary:
    'request asks for a contract between a client application and an API, or again for one that was rejected; withdraw\n' +
    'takes back what waits. approve and reject decide it, or the request for another tier (change-tier), until which the\n' +
    'old one holds; a tier may approve at once, or want two people. revoke ends a contract that is in force, restore\n' +
    'brings it back, expire says when it ends. show tells who asked, approved and decided, when and why.\n' +
    'With --wait it tells how many sidecars enforce it. ostiary get contracts --where waits=yes lists what waits.\n' +
    'Exit codes: 1 if the contract is in another state, 3 if a sidecar does not enforce it within --wait.',
  examples: [
    'contract request --app web-shop --api orders --tier gold --reason "for the new shop"',
    'contract request --app shop/web --api zoo/pets --accept-terms 2026-01',
    'contract approve web-shop-orders --expires 365d --wait 2s',
    'contract revoke web-shop-orders --wait 2s --reason "leaked secret"',
    'contract change-tier web-shop-orders --tier gold',
    'contract expire web-shop-orders --expires 2027-12-31',
  ],
  flags: {
    ...namespaceFlag,
    app: text(
      undefined,
      'NAME',
      'of request: the client application; NAMESPACE/NAME: of another namespace than the API',
    ),
    api: text(undefined, 'NAME', 'of request: the API; NAMESPACE/NAME: of this namespace'),
    tier: text(undefined, 'NAME', 'of request and change-tier: the tier of the API'),
    acceptTerms: text(undefined, 'VERSION', "of request and change-tier: the API's terms of use that you accept"),
    expires: text(
      undefined,
      'WHEN',
      'of request, approve and expire: when it ends, such as 365d or 2027-12-31 (UTC); never: it does not',
      (given) => (given === NEVER ? undefined : comingMoment(given)),
    ),
    ...writeFlags,
    ...serverFlags,
  },
  sections: { namespace: 'Which', reason: 'How', server: 'Where' },
  maxArguments: 2,
  argumentWords: [...ACTIONS.keys()],
  concerned([name = ''], values) {
    const action = ACTIONS.get(name);
    if (action === undefined) return undefined;
    const has = (key: string): boolean => {
      if (OWN_FLAGS.has(key)) return action.flags.includes(key);
      return name !== 'show' || !OF_WRITES.has(key);
    };
    return Object.keys(values).filter(has) as (keyof typeof values)[];
  },
  async run({ values, positionals: [name = '', contract] }, environment) {
    const action = actionOf(name);
    const { app, api, tier, acceptTerms, expires, namespace, dryRun, reason, wait, output } = values;
    if (name === 'request' && (app === undefined || api === undefined)) {
      throw new UserError('between whom? ostiary contract request --app NAME --api NAME', 2);
    }
    if (name !== 'request' && contract === undefined) {
      throw new UserError(`which contract? ostiary contract ${name} NAME`, 2);
    }
    if (name === 'change-tier' && tier === undefined) {
      throw new UserError('to which tier? ostiary contract change-tier NAME --tier TIER', 2);
    }
    if (name === 'expire' && expires === undefined) {
      throw new UserError('when? ostiary contract expire NAME --expires 2027-12-31, 90d or never', 2);
    }
    const key = { namespace, name: contract };
    const caller = { values, environment };
    if (name === 'show') {
      const { contract: found } = await ask(action, key, caller);
      if (output === 'json') printJson({ contract: contractJson(found) });
      else if (found !== undefined)
        process.stdout.write(
          contractLines(found)
            .map((line) => `${line}\n`)
            .join(''),
        );
      return 0;
    }
    const moment =
      expires === undefined || expires === NEVER ? {} : { expires: comingMomentText(expires, systemClock.now()) };
    const parties = name === 'request' ? { clientApplication: app, api } : {};
    const request = { ...key, reason, wait: waitOf(wait), dryRun, tier, acceptTerms, ...moment, ...parties };
    const answer = await ask(action, request, caller).catch((error: unknown) => {
      throw elsewhere(error, { app, api, namespace });
    });
    for (const line of faultLines(answer.warnings, [])) process.stderr.write(`${line}\n`);
    const told = contractJson(answer.contract);
    return printOutcome(answer, { output, dryRun }, told === undefined ? {} : { contract: told }, [
      answer.contract === undefined ? goneLine(key, answer.revision, dryRun) : contractLine(answer.contract, dryRun),
    ]);
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

/** Who names no namespace may mean an API or application of another than the default. */
function elsewhere(
  error: unknown,
  { app, api, namespace }: { readonly [key in 'app' | 'api' | 'namespace']: string | undefined },
): unknown {
  if (!(error instanceof ApiRefusal) || !error.message.includes('there is no ')) return error;
  const isNowhere = (field: string, name: string | undefined): boolean =>
    error.message.includes(`spec.${field}: there is no `) && name?.includes('/') === false;
  const flag =
    isNowhere('api', api) && namespace === undefined
      ? '--api NAMESPACE/NAME'
      : isNowhere('clientApplication', app)
        ? '--app NAMESPACE/NAME'
        : undefined;
  return flag === undefined
    ? error
    : new ApiRefusal(`${error.message}: one of another namespace is ${flag}`, error.status);
}

async function ask(
  { method, answer }: Action,
  request: object,
  caller: Parameters<typeof callServer>[3],
): Promise<Answer> {
  const told: MessageShape<DescMessage> = await callServer(`ContractService/${method}`, request, answer, caller);
  return told as unknown as Answer;
}

function goneLine(
  { namespace, name = '' }: { readonly namespace: string | undefined; readonly name: string | undefined },
  revision: bigint,
  isDryRun: boolean,
): string {
  const named = shown(shortName({ kind: 'Contract', namespace: namespace ?? 'default', name }));
  return isDryRun ? `${named} would be withdrawn (dry run)` : `${named} is withdrawn (revision ${revision})`;
}
