import { stringify } from 'yaml';
import type { Resource } from '../../../gen/ostiary/v1/resources_pb.js';
import { isRecord } from '../../document/load.ts';
import { shown } from '../analytics/shown.ts';
import { table } from '../analytics/table.ts';
import { shortName } from './kinds.ts';
import { isoText, secondsText } from './moments.ts';

type Output = 'table' | 'wide' | 'yaml' | 'json' | 'name';

interface KindColumn {
  readonly title: string;
  readonly isWide?: true;
  read(document: unknown): string;
}

/** A value inside a document; undefined: it has none there. */
export function valueAt(document: unknown, path: string): unknown {
  let value = document;
  for (const part of path.split('.')) value = isRecord(value) ? value[part] : undefined;
  return value;
}

function text(title: string, path: string, otherwise = ''): KindColumn {
  return { title, read: (document) => textAt(document, path, otherwise) };
}

/** A value inside a document, in a line; `otherwise` where it has none. */
export function textAt(document: unknown, path: string, otherwise = ''): string {
  return textOf(valueAt(document, path) ?? otherwise);
}

function textOf(value: unknown): string {
  if (Array.isArray(value)) return value.map(textOf).join(', ');
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function names(title: string, path: string, field = 'name'): KindColumn {
  return {
    title,
    read(document) {
      const items = valueAt(document, path);
      return Array.isArray(items) ? items.map((item) => textOf(valueAt(item, field) ?? '-')).join(', ') : '';
    },
  };
}

const wide = (column: KindColumn): KindColumn => ({ ...column, isWide: true });

const COLUMNS: Readonly<Record<string, readonly KindColumn[]>> = {
  Api: [
    text('HOSTS', 'spec.hosts', '*'),
    text('BASE PATH', 'spec.basePath', '/'),
    names('TIERS', 'spec.tiers'),
    wide(names('POLICIES', 'spec.policies', 'policyRef.name')),
    wide(text('DISPLAY NAME', 'metadata.displayName')),
  ],
  ClientApplication: [text('CLIENT ID', 'spec.clientId'), wide(text('DISPLAY NAME', 'metadata.displayName'))],
  Contract: [
    text('CLIENT', 'spec.clientApplication'),
    text('API', 'spec.api'),
    text('TIER', 'spec.tier'),
    text('STATUS', 'spec.status', '-'),
  ],
  Secret: [{ title: 'KEYS', read: (document) => Object.keys(Object(valueAt(document, 'spec.data'))).join(', ') }],
  PolicyBinding: [
    text('POLICY', 'spec.policyRef.name', 'authentication'),
    text('TARGET', 'spec.targetRef.kind'),
    text('NAME', 'spec.targetRef.name'),
  ],
};

const DOCUMENT_KEYS = ['apiVersion', 'kind', 'metadata', 'spec'];

/** @param isOne of JSON: the resource itself and no list */
export function printResources(kind: string, resources: readonly Resource[], output: Output, isOne: boolean): void {
  if (output === 'yaml') return write(resources.map(({ document }) => stringify(document ?? {})).join('---\n'));
  if (output === 'name') return write(resources.map((each) => `${shown(shortName(each))}\n`).join(''));
  if (output === 'json') {
    const list = resources.map(jsonOf);
    return write(`${JSON.stringify(isOne ? list[0] : list, null, 2)}\n`);
  }
  if (resources.length === 0) {
    process.stderr.write(`no ${kind} was found\n`);
    return;
  }
  const isWide = output === 'wide';
  const own = (COLUMNS[kind] ?? []).filter((column) => isWide || column.isWide === undefined);
  const titles = ['NAMESPACE', 'NAME', ...own.map(({ title }) => title), 'OWNER', 'REVISION'];
  const more = isWide ? ['SET', 'CHANGED'] : [];
  const columns = [...titles, ...more].map((title) => ({ title, isNumber: title === 'REVISION' }));
  const rows = resources.map((each) => [
    each.namespace,
    each.name,
    ...own.map((column) => column.read(each.document)),
    each.owner,
    String(each.revision),
    ...(isWide ? [each.set, secondsText(each.changedAt)] : []),
  ]);
  write(table(columns, rows));
}

function jsonOf({ document, revision, owner, set, changedAt }: Resource): object {
  const written = DOCUMENT_KEYS.map((key) => [key, document?.[key]] as const).filter(
    ([, value]) => value !== undefined,
  );
  return {
    ...Object.fromEntries(written),
    status: {
      revision: Number(revision),
      owner,
      ...(set !== '' && { set }),
      ...(changedAt !== undefined && { changedAt: isoText(changedAt) }),
    },
  };
}

function write(output: string): void {
  process.stdout.write(output);
}
