import {
  CreateApplicationResponseSchema,
  EndSecretResponseSchema,
  KillSecretsResponseSchema,
  RotateSecretResponseSchema,
  WithdrawApplicationResponseSchema,
} from '../../../gen/ostiary/v1/credentials_pb.js';
import type { Application } from '../../../gen/ostiary/v1/credentials_pb.js';
import { UserError } from '../../errors.ts';
import { oneOf, text, toggle } from '../../flags.ts';
import { didYouMean } from '../../nearest.ts';
import { shown } from '../analytics/shown.ts';
import { lengthOf } from '../analytics/time-flags.ts';
import { defineCommand } from '../command.ts';
import { count } from '../count.ts';
import { contractJson, contractLine } from './contract-text.ts';
import { faultLines } from './documents-of.ts';
import { namespaceFlag } from './get.ts';
import { shortName } from './kinds.ts';
import { isoText, secondsText } from './moments.ts';
import { printOutcome } from './outcome.ts';
import { callServer, serverFlags } from './server.ts';
import { waitOf, writeFlags } from './write-flags.ts';

/** The flags that only one action has. */
const OWN_FLAGS: ReadonlyMap<string, readonly string[]> = new Map([
  ['create', ['displayName', 'description', 'owner', 'clientId', 'withoutSecret']],
  ['rotate-secret', ['grace']],
  ['end-secret', ['secret']],
  ['kill-secret', []],
  ['withdraw', []],
]);
/** Long enough for sidecars that are there. */
const EMERGENCY_WAIT_MS = 10_000;
const ACTIONS = [...OWN_FLAGS.keys()];

const graceForm = (given: string): string | undefined =>
  graceMsOf(given) === undefined ? 'expected how long, such as 24h or 7d, or 0 for no time at all' : undefined;

function graceMsOf(given: string): number | undefined {
  return /^0[smhdw]?$/.test(given) ? 0 : lengthOf(given);
}

/** Makes client applications, and changes their secrets. */
export const command = defineCommand({
  usage: 'app create|rotate-secret|end-secret|kill-secret|withdraw NAME [FLAGS]',
  summary:
    'create makes a client application with a secret. rotate-secret makes a new secret: the one before stays valid for\n' +
    '--grace, which sidecars end by their own clocks. end-secret ends one at once: the old one of a rotation, or --secret.\n' +
    'The control plane makes secrets: each is printed once, and kept as a salted hash.\n' +
    'kill-secret is for an emergency: it ends all secrets and API keys at once, and waits for the sidecars (10s, or --wait).\n' +
    'withdraw deletes an application and ends its contracts with all APIs; --dry-run shows them first.\n' +
    'Exit codes: 1 if it is refused, 3 if a sidecar does not enforce it within --wait.',
  examples: [
    'app create web-shop --display-name "Web shop" --owner shop-team',
    'app rotate-secret web-shop --grace 24h --wait 2s',
    'app end-secret web-shop --reason "everybody has the new one"',
    'app kill-secret web-shop --reason "in a public repository"',
    'app withdraw web-shop --dry-run',
  ],
  flags: {
    ...namespaceFlag,
    displayName: text(undefined, 'TEXT', 'of create: what people read in place of the name'),
    description: text(undefined, 'TEXT', 'of create: what it is'),
    owner: text(undefined, 'NAME', 'of create: the team that it belongs to'),
    clientId: { ...text(undefined, 'ID', 'of create: what it calls itself'), shown: 'a random one' },
    withoutSecret: toggle('of create: it calls with tokens or keys alone'),
    grace: text(
      '24h',
      'LENGTH',
      'of rotate-secret: how long the old one stays valid: 24h, 7d; 0: it ends now',
      graceForm,
    ),
    secret: oneOf('old', ['old', 'new', 'all'], 'of end-secret: which'),
    ...writeFlags,
    ...serverFlags,
  },
  sections: { namespace: 'Which', displayName: 'What', reason: 'How', server: 'Where' },
  maxArguments: 2,
  argumentWords: ACTIONS,
  concerned([action = ''], values) {
    const own = OWN_FLAGS.get(action);
    if (own === undefined) return undefined;
    const others = new Set([...OWN_FLAGS.values()].flat()).difference(new Set(own));
    return Object.keys(values).filter((key) => !others.has(key)) as (keyof typeof values)[];
  },
  async run({ values, positionals: [action = '', name] }, environment) {
    if (!ACTIONS.includes(action)) {
      const given =
        action === ''
          ? 'an action comes first.'
          : `there is no action ${JSON.stringify(action)}${didYouMean(action, ACTIONS) || '.'}`;
      throw new UserError(`${given} Expected ostiary app ${ACTIONS.join('|')} NAME`, 2);
    }
    if (name === undefined) throw new UserError(`which application? ostiary app ${action} NAME`, 2);
    const { namespace, reason, wait, dryRun, output } = values;
    const request = { namespace, name, reason, wait: waitOf(wait), dryRun };
    const caller = { values, environment };
    const tell = (answer: Told, line: string, more: readonly string[]): number => {
      const { application, secret } = answer;
      const named = application === undefined ? name : shortName({ ...application, kind: 'ClientApplication' });
      const revision = dryRun ? '(dry run)' : `(revision ${application?.revision ?? answer.revision})`;
      const secrets = secret === undefined || secret === '' ? [] : [`secret: ${secret}`];
      const lines = [`${shown(named)} ${line} ${revision}`, ...more, ...secrets];
      const exit = printOutcome(answer, { output, dryRun }, jsonOf(application, secret), lines);
      if (secrets.length > 0) process.stderr.write('the secret is not shown again: it is kept as a hash\n');
      return exit;
    };
    if (action === 'create') {
      const { displayName, description, owner, clientId, withoutSecret } = values;
      const asked = { ...request, displayName, description, owner, clientId, withoutSecret };
      const answer = await callServer(
        'CredentialService/CreateApplication',
        asked,
        CreateApplicationResponseSchema,
        caller,
      );
      for (const told of faultLines(answer.warnings, [])) process.stderr.write(`${told}\n`);
      return tell(answer, 'created', [`client id: ${shown(answer.application?.clientId ?? '')}`]);
    }
    if (action === 'rotate-secret') {
      const asked = { ...request, grace: `${(graceMsOf(values.grace) ?? 0) / 1000}s` };
      const answer = await callServer('CredentialService/RotateSecret', asked, RotateSecretResponseSchema, caller);
      return tell(answer, dryRun ? 'would get a new secret' : 'has a new secret', [oldLine(answer.application)]);
    }
    if (action === 'kill-secret') {
      if (reason === undefined) throw new UserError(`why? ostiary app kill-secret ${name} --reason TEXT`, 2);
      const asked = { ...request, wait: waitOf(wait === 0 ? EMERGENCY_WAIT_MS : wait) };
      const answer = await callServer('CredentialService/KillSecrets', asked, KillSecretsResponseSchema, caller);
      const { endedSecrets, endedApiKeys } = answer;
      return tell(answer, `${dryRun ? 'would lose' : 'has lost'} ${killedText(endedSecrets, endedApiKeys)}`, []);
    }
    if (action === 'withdraw') {
      const answer = await callServer(
        'CredentialService/WithdrawApplication',
        request,
        WithdrawApplicationResponseSchema,
        caller,
      );
      const { application, contracts, revision } = answer;
      const named = shown(shortName({ kind: 'ClientApplication', namespace: '', ...application, name }));
      const end = dryRun ? 'would be withdrawn, with' : 'is withdrawn, with';
      const lines = [
        `${named} ${end} ${count(contracts.length, 'contract')} ${dryRun ? '(dry run)' : `(revision ${revision})`}`,
        ...contracts.map((contract) => `  ${contractLine(contract)}`.replace(' is ', ' was ')),
      ];
      const told = { ...jsonOf(application, undefined), contracts: contracts.map(contractJson) };
      return printOutcome(answer, { output, dryRun }, told, lines);
    }
    const asked = { ...request, secret: `SECRET_CHOICE_${values.secret.toUpperCase()}` };
    const answer = await callServer('CredentialService/EndSecret', asked, EndSecretResponseSchema, caller);
    return tell(answer, remainingText(answer.application, dryRun), []);
  },
});

function killedText(secrets: number, keys: number): string {
  const parts = [...(secrets > 0 ? [count(secrets, 'secret')] : []), ...(keys > 0 ? [count(keys, 'API key')] : [])];
  return parts.join(' and ');
}

interface Told {
  readonly application?: Application | undefined;
  readonly secret?: string;
  readonly revision: bigint;
}

function oldLine(application: Application | undefined): string {
  const old = application?.secrets[1];
  return old === undefined ? 'no other secret is valid' : `the old secret is valid until ${secondsText(old.expires)}`;
}

function remainingText(application: Application | undefined, isDryRun: boolean): string {
  const [first] = application?.secrets ?? [];
  const has = isDryRun ? 'would have' : 'has';
  if (first === undefined) return `${has} no valid secret any more`;
  return first.expires === undefined ? `${has} one secret` : `${has} one secret, until ${secondsText(first.expires)}`;
}

function jsonOf(application: Application | undefined, secret: string | undefined): object {
  if (application === undefined) return {};
  const { namespace, name, clientId, secrets, revision } = application;
  return {
    application: {
      namespace,
      name,
      clientId,
      secrets: secrets.map(({ expires }) => (expires === undefined ? {} : { expires: isoText(expires) })),
      revision: Number(revision),
    },
    ...(secret !== undefined && secret !== '' && { secret }),
  };
}
