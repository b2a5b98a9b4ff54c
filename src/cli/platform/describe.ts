import { ListChangesResponseSchema } from '../../../gen/ostiary/v1/audit_pb.js';
import type { AuditedChange } from '../../../gen/ostiary/v1/audit_pb.js';
import type { Resource } from '../../../gen/ostiary/v1/resources_pb.js';
import { UserError } from '../../errors.ts';
import { shown } from '../analytics/shown.ts';
import { table } from '../analytics/table.ts';
import { ApiRefusal } from '../api-call.ts';
import { defineCommand } from '../command.ts';
import { getOne, listAll, namespaceFlag } from './get.ts';
import { KIND_WORDS, namedIn } from './kinds.ts';
import { secondsText } from './moments.ts';
import { textAt } from './resources.ts';
import { callServer, serverFlags } from './server.ts';
import type { Caller } from './server.ts';
import { effectName } from './written.ts';
import { yamlText } from './yaml-text.ts';

/** The field of a contract that names a resource of a kind. */
const NAMED_BY: ReadonlyMap<string, string> = new Map([
  ['Api', 'spec.api'],
  ['ClientApplication', 'spec.clientApplication'],
]);
const CHANGES = 5;
const FORBIDDEN = 403;

/** Tells all of one resource. */
export const command = defineCommand({
  usage: 'describe KIND NAME [FLAGS]',
  summary: 'Tells of one resource: what it is, the contracts that name it, and who changed it last.',
  examples: ['describe api orders', 'describe app web-shop -n shop'],
  flags: { ...namespaceFlag, ...serverFlags },
  maxArguments: 2,
  argumentWords: KIND_WORDS,
  async run({ values, positionals }, environment) {
    if (positionals.length === 0) throw new UserError('of what? ostiary describe KIND NAME', 2);
    const { kind, namespace, name } = namedIn(positionals, values.namespace);
    if (name === undefined) throw new UserError(`which ${kind}? ostiary describe ${positionals.join(' ')} NAME`, 2);
    const caller = { values, environment };
    const found = await getOne({ kind, namespace, name }, caller);
    const field = NAMED_BY.get(kind);
    const contracts =
      field === undefined
        ? []
        : await listAll({ kinds: ['Contract'], namespaces: [found.namespace], where: { [field]: name } }, caller);
    const request = { kind, namespace: found.namespace, name, pageSize: CHANGES };
    const changes = await lastChanges(request, caller);
    process.stdout.write(headOf(found) + specOf(found) + contractsOf(contracts) + changesOf(changes));
    return 0;
  },
});

/** @returns undefined: the audit trail is not for the caller, who sees the resource all the same */
async function lastChanges(request: object, caller: Caller): Promise<readonly AuditedChange[] | undefined> {
  try {
    return (await callServer('AuditService/ListChanges', request, ListChangesResponseSchema, caller)).changes;
  } catch (error) {
    if (error instanceof ApiRefusal && error.status === FORBIDDEN) return undefined;
    throw error;
  }
}

function headOf(resource: Resource): string {
  const { kind, namespace, name, owner, source, set, decided, revision, document } = resource;
  const lines: readonly (readonly [string, string])[] = [
    ['Kind', kind],
    ['Name', name],
    ['Namespace', namespace],
    ['Display name', textAt(document, 'metadata.displayName')],
    ['Description', textAt(document, 'metadata.description')],
    ['Asset', textAt(document, 'metadata.asset')],
    ['Version', textAt(document, 'metadata.version')],
    ['Lifecycle', textAt(document, 'metadata.lifecycle')],
    ['Visibility', textAt(document, 'metadata.visibility')],
    ['Team', textAt(document, 'metadata.owner')],
    ['Owner', owner],
    ['Source', source],
    ['Decided here', decided.map((field) => `spec.${field}`).join(', ')],
    ['Set', set],
    ['Revision', `${revision}, ${secondsText(resource.changedAt)}`],
  ];
  return lines
    .filter(([, value]) => value !== '')
    .map(([title, value]) => `${`${title}:`.padEnd(15)}${shown(value)}\n`)
    .join('');
}

function specOf({ document }: Resource): string {
  const lines = yamlText(document?.['spec'] ?? {})
    .trimEnd()
    .split('\n');
  return `Spec:\n${lines.map((line) => `  ${shown(line)}\n`).join('')}`;
}

function contractsOf(contracts: readonly Resource[]): string {
  if (contracts.length === 0) return '';
  const columns = ['NAME', 'CLIENT', 'API', 'TIER', 'STATUS'].map((title) => ({ title }));
  const fields = ['spec.clientApplication', 'spec.api', 'spec.tier', 'spec.status'];
  const rows = contracts.map(({ name, document }) => [name, ...fields.map((field) => textAt(document, field, '-'))]);
  return `\nContracts:\n${table(columns, rows)}`;
}

function changesOf(changes: readonly AuditedChange[] | undefined): string {
  if (changes === undefined) return '\nLast changes: an admin or auditor of the team sees them\n';
  if (changes.length === 0) return '';
  const columns = ['REVISION', 'WHEN', 'WHO', 'CHANGE', 'WHY'].map((title) => ({ title }));
  const rows = changes.map(({ revision, at, actor, effect, reason }) => [
    String(revision),
    secondsText(at),
    actor,
    effectName(effect),
    reason,
  ]);
  return `\nLast changes:\n${table(columns, rows)}`;
}
