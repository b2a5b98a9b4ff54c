import { looseIssues } from './bindings.ts';
import type { PolicyContext } from './bindings.ts';
import type { DocumentIndex } from './document-index.ts';
import type { Faults } from './fault.ts';
import { below } from './issues.ts';
import type { Issue } from './issues.ts';
import { addIssues, isRecord } from './load.ts';
import type { BrokenDocument } from './load.ts';
import { clientFrom, metadataOf, referenceFrom } from './names.ts';
import { accessOf } from './resource-access.ts';
import type { MixedAccess } from './resource-access.ts';
import type { Document } from './schema.ts';
import type { SecretStage } from './secrets.ts';

interface Context extends Omit<PolicyContext, 'lookups' | 'variables'> {
  readonly access: MixedAccess;
  readonly secrets: SecretStage;
  readonly index: DocumentIndex;
  readonly faults: Faults;
}

interface DocumentContext extends Context, PolicyContext {
  readonly metadata: Document['metadata'];
}

/**
 * Finds further faults in documents that their schema refuses: kinds and options of policies, references. Otherwise
 * authors would see these faults only after they have fixed the first ones.
 */
export function tellRest(broken: readonly BrokenDocument[], context: Context): void {
  for (const { kind, place, value } of broken) {
    const { spec } = value;
    if (!isRecord(spec)) continue;
    const metadata = metadataOf(value);
    const { variables, unset } = accessOf('resource' in place ? undefined : place.source.file, context.access);
    const lookups = { secret: context.secrets.lookupFor(metadata), unset };
    const own = { ...context, metadata, variables, lookups };
    addIssues(context.faults, place, below(['spec'], issuesOf(kind, spec, own)));
  }
}

function issuesOf(kind: string, spec: Readonly<Record<string, unknown>>, context: DocumentContext): readonly Issue[] {
  if (kind === 'Api') {
    const policies = Array.isArray(spec['policies']) ? spec['policies'] : [];
    return policies.flatMap((fields, index) => below(['policies', index], looseIssues(fields, context)));
  }
  if (kind === 'PolicyBinding') {
    const target = isRecord(spec['targetRef']) ? spec['targetRef'] : {};
    const named = target['kind'] === 'Api' ? dangling('Api', target, 'name', context) : [];
    return [...below(['targetRef'], named), ...looseIssues(spec, context)];
  }
  if (kind === 'Alert') return dangling('Api', spec, 'api', context);
  if (kind !== 'Contract') return [];
  return [
    ...dangling('ClientApplication', spec, 'clientApplication', context),
    ...dangling('Api', spec, 'api', context),
  ];
}

function dangling(
  kind: 'Api' | 'ClientApplication',
  fields: Readonly<Record<string, unknown>>,
  field: string,
  { index, metadata }: DocumentContext,
): readonly Issue[] {
  const written = fields[field];
  if (typeof written !== 'string') return [];
  const isClient = kind === 'ClientApplication';
  const name = (isClient ? clientFrom : referenceFrom)(metadata, written);
  if (index.has(kind, name)) return [];
  const message = index.dangling(kind, name, isClient);
  return message === undefined ? [] : [{ path: [field], at: 'value', message, isDangling: true }];
}
