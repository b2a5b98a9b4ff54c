import { DeleteResponseSchema } from '../../../gen/ostiary/v1/resources_pb.js';
import { UserError } from '../../errors.ts';
import { shown } from '../analytics/shown.ts';
import { defineCommand } from '../command.ts';
import { documentsOf, faultLines } from './documents-of.ts';
import type { WrittenDocument } from './documents-of.ts';
import { fileFlag } from './apply.ts';
import { namespaceFlag } from './get.ts';
import { KIND_WORDS, namedIn } from './kinds.ts';
import { valueAt } from './resources.ts';
import { callServer, serverFlags } from './server.ts';
import { ownerFlags, refuseOwnerFlags } from './owner-flags.ts';
import { waitOf, writeFlags } from './write-flags.ts';
import { printWritten } from './written.ts';

/** Deletes resources of the control plane. */
export const command = defineCommand({
  usage: 'delete KIND NAME [FLAGS]',
  summary:
    'Deletes a resource, or with -f all that the documents name: all or none. What others still refer to stays.\n' +
    'Exit codes: 1 if it is not there or still needed, 3 if a sidecar still enforces it after --wait.',
  examples: ['delete contract web-shop-orders --wait 5s', 'delete -f policies/'],
  flags: { ...namespaceFlag, ...fileFlag, ...ownerFlags, ...writeFlags, ...serverFlags },
  sections: { namespace: 'Which', reason: 'How', server: 'Where' },
  maxArguments: 2,
  argumentWords: KIND_WORDS,
  async run({ values, positionals }, environment) {
    const { file, owner, source, takeOver, dryRun, reason, wait, output } = values;
    refuseOwnerFlags(values);
    if (file.length > 0 === positionals.length > 0) {
      throw new UserError('name one resource, or files: ostiary delete KIND NAME, or ostiary delete -f PATH', 2);
    }
    const keys = file.length > 0 ? (await documentsOf(file)).map(keyOf) : [oneOf(positionals, values.namespace)];
    const answer = await callServer(
      'ResourceService/Delete',
      {
        resources: keys.map((resource) => ({ resource })),
        owner,
        source,
        takeOver,
        dryRun,
        reason,
        wait: waitOf(wait),
      },
      DeleteResponseSchema,
      { values, environment },
    );
    if (answer.faults.length > 0) {
      process.stderr.write(`then these would have a fault:\n${faultLines(answer.faults, []).join('\n')}\n`);
      const [app] = answer.faults.some(({ message }) => message.startsWith('there is no ClientApplication'))
        ? apps(keys)
        : [];
      const both = app === undefined ? '' : `; ostiary app withdraw ${app} deletes it with its contracts`;
      throw new UserError(
        `nothing was deleted: delete or change first what refers to it, or delete both together${both}`,
      );
    }
    return printWritten(answer, output, dryRun);
  },
});

/** Client applications, as `ostiary app` takes them. */
function apps(keys: readonly Key[]): readonly string[] {
  return keys
    .filter(({ kind }) => kind === 'ClientApplication')
    .map(({ namespace, name }) => shown(`${name}${namespace === '' ? '' : ` -n ${namespace}`}`));
}

interface Key {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}

function oneOf(positionals: readonly string[], inNamespace: string | undefined): Key {
  const { kind, namespace, name } = namedIn(positionals, inNamespace);
  if (name === undefined) throw new UserError(`which ${kind}? ostiary delete ${positionals.join(' ')} NAME`, 2);
  return { kind, namespace, name };
}

function keyOf({ value }: WrittenDocument): Key {
  const [namespace = '', name] = [valueAt(value, 'metadata.namespace'), valueAt(value, 'metadata.name')];
  return { kind: value['kind'], namespace, name } as Key;
}
