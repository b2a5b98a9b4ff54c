import { isName } from './fields.ts';
import { API_VERSION } from './schema.ts';
import type { DocumentOf } from './schema.ts';

const STATUSES: ReadonlySet<unknown> = new Set(['pending', 'approved', 'rejected', 'revoked']);

/**
 * Takes a contract that says no more than most do, of which there may be 100,000: a tenth of the time of the schema, which
 * would take it as it is too.
 * @returns undefined: the schema has to say
 */
export function plainContract(document: Readonly<Record<string, unknown>>): DocumentOf<'Contract'> | undefined {
  for (const key of Object.keys(document)) if (!isPlainField(key, document[key])) return undefined;
  const { apiVersion, kind, metadata, spec } = document;
  if (apiVersion !== API_VERSION || kind !== 'Contract' || !isObject(metadata) || !isObject(spec)) return undefined;
  if (metadata['name'] === undefined || spec['clientApplication'] === undefined || spec['api'] === undefined)
    return undefined;
  return document as unknown as DocumentOf<'Contract'>;
}

function isPlainField(key: string, value: unknown): boolean {
  switch (key) {
    case 'apiVersion':
    case 'kind':
      return true;
    case 'metadata':
      return isObject(value) && Object.keys(value).every((name) => isPlainMetadata(name, value[name]));
    case 'spec':
      return isObject(value) && Object.keys(value).every((name) => isPlainSpec(name, value[name]));
    default:
      return false;
  }
}

function isPlainMetadata(key: string, value: unknown): boolean {
  return (key === 'name' || key === 'namespace') && typeof value === 'string' && isName(value);
}

function isPlainSpec(key: string, value: unknown): boolean {
  switch (key) {
    case 'clientApplication':
    case 'api':
    case 'tier':
      return typeof value === 'string' && isName(value);
    case 'status':
      return STATUSES.has(value);
    default:
      return false;
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
