import type { Resource } from '../../../gen/ostiary/v1/resources_pb.js';
import { isRecord } from '../../document/load.ts';
import { jsonText, shown } from '../analytics/shown.ts';
import { table } from '../analytics/table.ts';
import { shortName } from './kinds.ts';
import { isoText, secondsText } from './moments.ts';
import { yamlText } from './yaml-text.ts';

type Output = 'table' | 'wide' | 'yaml' | 'json' | 'name';

interface KindColumn {
  readonly title: string;
  /** What it reads of a document. */
  readonly path: string;
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
  return { title, path, read: (document) => textAt(document, path, otherwise) };
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
    path,
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
    wide(text('ASSET', 'metadata.asset')),
    wide(text('VERSION', 'metadata.version')),
    wide(text('LIFECYCLE', 'metadata.lifecycle')),
    wide(text('TEAM', 'metadata.owner')),
    wide(text('DISPLAY NAME', 'metadata.displayName')),
  ],
  ClientApplication: [
    text('CLIENT ID', 'spec.clientId'),
    wide(text('TEAM', 'metadata.owner')),
    wide(text('DISPLAY NAME', 'metadata.displayName')),
  ],
  Team: [text('NAMESPACES', 'spec.namespaces'), wide(text('DISPLAY NAME', 'metadata.displayName'))],
  Specification: [text('FORMAT', 'spec.format'), wide(text('DISPLAY NAME', 'metadata.displayName'))],
  Contract: [
    text('CLIENT', 'spec.clientApplication'),
    text('API', 'spec.api'),
    text('TIER', 'spec.tier'),
    text('STATUS', 'spec.status', '-'),
  ],
  Secret: [
    {
      title: 'KEYS',
      path: 'spec.data',
      read: (document) => Object.keys(Object(valueAt(document, 'spec.data'))).join(', '),
    },
  ],
  PolicyBinding: [
    text('POLICY', 'spec.policyRef.name', 'authentication'),
    text('TARGET', 'spec.targetRef.kind'),
    text('NAME', 'spec.targetRef.name'),
  ],
};

const DOCUMENT_KEYS = ['apiVersion', 'kind', 'metadata', 'spec'];

/** Prints one resource, JSON as an object and no list. */
export function printResource(kind: string, resource: Resource, output: Output): void {
  if (output === 'json') return write(`${jsonText(jsonOf(resource))}\n`);
  const printer = printerOf(kind, output);
  printer.add([resource]);
  printer.end();
}

/** Prints what comes page by page. */
export interface ResourcePrinter {
  add(page: readonly Resource[]): void;
  end(): void;
}

export function printerOf(kind: string, output: Output): ResourcePrinter {
  let count = 0;
  const each = (print: (resource: Resource, isFirst: boolean) => string, end: () => string): ResourcePrinter => ({
    add(page) {
      write(page.map((resource) => print(resource, count++ === 0)).join(''));
    },
    end: () => write(end()),
  });
  switch (output) {
    case 'yaml':
      return each(
        ({ document }, isFirst) => (isFirst ? '' : '---\n') + yamlText(document ?? {}),
        () => '',
      );
    case 'name':
      return each(
        (resource) => `${shown(shortName(resource))}\n`,
        () => '',
      );
    case 'json':
      return each(
        (resource, isFirst) => (isFirst ? '[\n' : ',\n') + jsonText(jsonOf(resource)).replace(/^/gm, '  '),
        () => (count === 0 ? '[]\n' : '\n]\n'),
      );
    default:
      return tablePrinter(kind, output === 'wide');
  }
}

/** Its columns are as wide as their widest text, so it is printed at the end. */
function tablePrinter(kind: string, isWide: boolean): ResourcePrinter {
  const rows: string[][] = [];
  const own = columnsOf(kind, isWide);
  return {
    add(page) {
      for (const each of page) {
        rows.push([
          each.namespace,
          each.name,
          ...own.map((column) => column.read(each.document)),
          each.owner,
          String(each.revision),
          ...(isWide ? [each.source, each.set, secondsText(each.changedAt)] : []),
        ]);
      }
    },
    end() {
      if (rows.length === 0) {
        process.stderr.write(`no ${kind} was found\n`);
        return;
      }
      const titles = ['NAMESPACE', 'NAME', ...own.map(({ title }) => title), 'OWNER', 'REVISION'];
      const more = isWide ? ['SOURCE', 'SET', 'CHANGED'] : [];
      const columns = [...titles, ...more].map((title) => ({ title, isNumber: title === 'REVISION' }));
      write(table(columns, rows));
    },
  };
}

function columnsOf(kind: string, isWide: boolean): readonly KindColumn[] {
  return (COLUMNS[kind] ?? []).filter((column) => isWide || column.isWide === undefined);
}

/** What has to be asked for; of documents that are printed whole, everything. */
export function fieldsFor(
  kind: string,
  output: Output,
): { readonly fields?: readonly string[]; readonly keysOnly?: true } {
  if (output === 'name') return { keysOnly: true };
  if (output !== 'table' && output !== 'wide') return {};
  const fields = columnsOf(kind, output === 'wide').map(({ path }) => path);
  return fields.length === 0 ? { keysOnly: true } : { fields };
}

function jsonOf({ document, revision, owner, source, set, decided, changedAt }: Resource): object {
  const written = DOCUMENT_KEYS.map((key) => [key, document?.[key]] as const).filter(
    ([, value]) => value !== undefined,
  );
  return {
    ...Object.fromEntries(written),
    status: {
      revision: Number(revision),
      owner,
      ...(source !== '' && { source }),
      ...(set !== '' && { set }),
      ...(decided.length > 0 && { decided }),
      ...(changedAt !== undefined && { changedAt: isoText(changedAt) }),
    },
  };
}

function write(output: string): void {
  process.stdout.write(output);
}
