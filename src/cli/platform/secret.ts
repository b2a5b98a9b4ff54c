import { readFile } from 'node:fs/promises';
import { ApplyResponseSchema, DeleteResponseSchema } from '../../../gen/ostiary/v1/resources_pb.js';
import type { Resource } from '../../../gen/ostiary/v1/resources_pb.js';
import { literalText } from '../../document/environment.ts';
import { isRecord } from '../../document/load.ts';
import { API_VERSION } from '../../document/schema.ts';
import { sentenceOf, UserError } from '../../errors.ts';
import type { FlagValues } from '../../flags.ts';
import { didYouMean } from '../../nearest.ts';
import { ApiRefusal } from '../api-call.ts';
import { askSecret } from '../ask-secret.ts';
import { defineCommand } from '../command.ts';
import { faultLines } from './documents-of.ts';
import { getOne, namespaceFlag, pagesOf } from './get.ts';
import { printerOf, valueAt } from './resources.ts';
import { callServer, serverFlags } from './server.ts';
import type { Caller } from './server.ts';
import { waitOf, writeFlags } from './write-flags.ts';
import { printWritten } from './written.ts';

const ACTIONS = ['set', 'list', 'delete'];
const KIND = 'Secret';
const MOST_ARGUMENTS = 102;

const flags = { ...namespaceFlag, ...writeFlags, ...serverFlags };
type Values = FlagValues<typeof flags>;
type Entries = Readonly<Record<string, unknown>>;

/** Writes values of Secrets. Nothing prints one. */
export const command = defineCommand({
  usage: 'secret set NAME KEY=@FILE|KEY=-… | list | delete NAME [KEY…] [FLAGS]',
  summary:
    'set writes values of a Secret, which policies read by ${secret:NAME/KEY}: each from a file, one of them from standard\n' +
    'input (or typed). Other keys stay what they are. One line break at the end of a value is ignored.\n' +
    'list tells names and keys, delete removes keys or all of it. No value is ever printed: nobody reads one back.\n' +
    'Takes no value as an argument: it would stay in the shell’s history and in the list of processes.\n' +
    'Exit codes: 1 if it is refused or still needed, 3 if a sidecar does not enforce it within --wait.',
  examples: [
    'secret set ldap password=@password.txt --wait 5s',
    'secret set ldap password=- < password.txt',
    'secret list -n shop',
    'secret delete ldap old-password',
  ],
  flags,
  sections: { namespace: 'Which', reason: 'How', server: 'Where' },
  maxArguments: MOST_ARGUMENTS,
  argumentWords: ACTIONS,
  concerned([action]) {
    if (action !== 'list') return undefined;
    const others = new Set(['reason', 'wait', 'dryRun', 'output']);
    return (Object.keys(flags) as (keyof Values)[]).filter((key) => !others.has(key));
  },
  async run({ values, positionals: [action = '', name, ...keys] }, environment) {
    const caller = { values, environment };
    if (action === 'list') {
      if (name !== undefined) throw new UserError('list takes no name: ostiary get secret NAME shows one', 2);
      return listSecrets(values, caller);
    }
    if (!ACTIONS.includes(action)) {
      if (action === 'get')
        throw new UserError(`nobody reads a value back: ostiary get secret ${name ?? 'NAME'} shows its keys`, 2);
      const meant = action === '' ? '?' : didYouMean(action, ACTIONS) || '?';
      throw new UserError(`what of secrets${meant} ostiary secret set NAME KEY=@FILE, list, or delete NAME [KEY]`, 2);
    }
    if (name === undefined) throw new UserError(`which Secret? ostiary secret ${action} NAME`, 2);
    const key = { kind: KIND, namespace: values.namespace ?? '', name };
    if (action === 'set') return setKeys(key, await givenValues(name, keys), { values, caller });
    return keys.length === 0 ? deleteWhole(key, { values, caller }) : deleteKeys(key, keys, { values, caller });
  },
});

interface Key {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}

interface Asked {
  readonly values: Values;
  readonly caller: Caller;
}

async function listSecrets({ namespace }: Values, caller: Caller): Promise<number> {
  const printer = printerOf(KIND, 'table');
  const request = { kinds: [KIND], namespaces: namespace === undefined ? [] : [namespace] };
  for await (const { resources } of pagesOf(request, caller)) printer.add(resources);
  printer.end();
  return 0;
}

/** By key, what an author writes. @throws UserError */
async function givenValues(name: string, given: readonly string[]): Promise<Entries> {
  if (given.length === 0) throw new UserError(`which key? ostiary secret set ${name} KEY=@FILE, or KEY=-`, 2);
  const sources = given.map((each): readonly [key: string, source: string] => {
    const equals = each.indexOf('=');
    const key = equals < 0 ? each : each.slice(0, equals);
    const source = equals < 0 ? '' : each.slice(equals + 1);
    // What is not shown may be the value.
    if (source !== '-' && !/^@./.test(source)) {
      throw new UserError(
        `the value of ${JSON.stringify(key)} is no argument: write it to a file and give ${key}=@FILE, or pass it on standard input with ${key}=-`,
        2,
      );
    }
    return [key, source];
  });
  const keys = sources.map(([key]) => key);
  const twice = keys.find((key, at) => keys.indexOf(key) < at);
  if (twice !== undefined) throw new UserError(`the key ${JSON.stringify(twice)} is given twice`, 2);
  if (sources.filter(([, source]) => source === '-').length > 1) {
    throw new UserError('standard input has one value: give the others by KEY=@FILE', 2);
  }
  const entries: Record<string, unknown> = {};
  for (const [key, source] of sources) {
    const value = source === '-' ? await askSecret('Value') : await valueIn(source.slice(1));
    entries[key] = { value: literalText(value) };
  }
  return entries;
}

async function valueIn(file: string): Promise<string> {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(await readFile(file));
    const value = text.replace(/\r?\n$/, '');
    if (value === '') throw new UserError(`${file} is empty`);
    return value;
  } catch (error) {
    if (error instanceof UserError) throw error;
    const why = error instanceof TypeError ? 'is not text in UTF-8' : `can not be read: ${sentenceOf(error)}`;
    throw new UserError(`${file} ${why}`);
  }
}

async function setKeys(key: Key, entries: Entries, { values, caller }: Asked): Promise<number> {
  const known = await findOne(key, caller);
  return write(key, { ...dataOf(known), ...entries }, { known, values, caller });
}

async function deleteKeys(key: Key, keys: readonly string[], { values, caller }: Asked): Promise<number> {
  const known = await getOne(key, caller);
  const data = dataOf(known);
  const missing = keys.find((each) => !Object.hasOwn(data, each));
  if (missing !== undefined) {
    throw new UserError(`${key.name} has no key ${JSON.stringify(missing)}${didYouMean(missing, Object.keys(data))}`);
  }
  const left = Object.fromEntries(Object.entries(data).filter(([each]) => !keys.includes(each)));
  if (Object.keys(left).length === 0) {
    throw new UserError(`nothing would be left: ostiary secret delete ${key.name} removes all of it`);
  }
  return write(key, left, { known, values, caller });
}

async function deleteWhole(key: Key, { values, caller }: Asked): Promise<number> {
  const { dryRun, reason, wait, output } = values;
  const request = { resources: [{ resource: key }], dryRun, reason, wait: waitOf(wait) };
  const answer = await callServer('ResourceService/Delete', request, DeleteResponseSchema, caller);
  if (answer.faults.length > 0) {
    process.stderr.write(`then these would have a fault:\n${faultLines(answer.faults, []).join('\n')}\n`);
    throw new UserError('nothing was deleted: change first what refers to it');
  }
  return printWritten(answer, output, dryRun);
}

interface Writing extends Asked {
  readonly known: Resource | undefined;
}

async function write({ name, namespace }: Key, data: Entries, { known, values, caller }: Writing): Promise<number> {
  const { dryRun, reason, wait, output } = values;
  const metadata = valueAt(known?.document, 'metadata') ?? { name, ...(namespace !== '' && { namespace }) };
  const document = { apiVersion: API_VERSION, kind: KIND, metadata, spec: { data } };
  // What another has written meanwhile is not put back.
  const expectedRevision = String(known?.revision ?? 0);
  const request = { documents: [{ document, expectedRevision }], dryRun, reason, wait: waitOf(wait) };
  const answer = await callServer('ResourceService/Apply', request, ApplyResponseSchema, caller);
  for (const line of faultLines(answer.warnings, [])) process.stderr.write(`${line}\n`);
  if (answer.faults.length > 0)
    throw new UserError(`nothing was written:\n${faultLines(answer.faults, []).join('\n')}`);
  return printWritten(answer, output, dryRun);
}

function dataOf(known: Resource | undefined): Entries {
  const data = valueAt(known?.document, 'spec.data');
  return isRecord(data) ? data : {};
}

async function findOne(key: Key, caller: Caller): Promise<Resource | undefined> {
  try {
    return await getOne(key, caller);
  } catch (error) {
    if (error instanceof ApiRefusal && error.status === 404) return undefined;
    throw error;
  }
}
