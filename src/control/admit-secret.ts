import { resolveVariables } from '../document/environment.ts';
import type { Issue } from '../document/issues.ts';
import { isRecord } from '../document/load.ts';
import { MOST_SECRET_BYTES } from '../document/secret-schema.ts';
import type { Admitted } from './admitted.ts';
import { keyOf } from './facts.ts';
import { valuesOf } from './secret-vault.ts';
import type { SecretVault, ValuePlace } from './secret-vault.ts';

type Json = Readonly<Record<string, unknown>>;

/** What is kept of a value, or why it can't be. */
type AdmittedValue = { readonly kept: unknown } | { readonly field: string; readonly problem: string };

const NO_KEY =
  'the control plane has no key to encrypt a Secret with: start it with --secrets-key-file FILE, which openssl rand -base64 32 > FILE makes (chmod 600 FILE)';

/** In the place of a value that has an issue: the schema has none with it, and it is never written. */
const NOT_KEPT = { digest: '0'.repeat(16) };

/**
 * Encrypts the values of a Secret. One that is the same as before stays as it is kept, so that nothing changes.
 * @param before the document in the log
 */
export function admitSecret(document: Json, before: unknown, vault: SecretVault | undefined): Admitted {
  const key = keyOf(document);
  const { spec } = document;
  // The schema tells.
  if (key === undefined || !isRecord(spec) || !isRecord(spec['data'])) return { document, issues: [], warnings: [] };
  if (vault === undefined)
    return { document, issues: [{ path: ['kind'], at: 'value', message: NO_KEY }], warnings: [] };
  const issues: Issue[] = [];
  const known = new Map(valuesOf(before));
  const data: [string, unknown][] = [];
  let bytes = 0;
  for (const [name, given] of Object.entries(spec['data'])) {
    const place = { namespace: key.namespace, name: key.name, key: name };
    const admitted = isRecord(given) ? admitValue(given, known.get(name), place, vault) : { kept: given };
    if ('kept' in admitted) data.push([name, admitted.kept]);
    else {
      issues.push({ path: ['spec', 'data', name, admitted.field], at: 'key', message: admitted.problem });
      data.push([name, NOT_KEPT]);
    }
    if (isRecord(given) && typeof given['value'] === 'string') bytes += Buffer.byteLength(given['value']);
  }
  if (bytes > MOST_SECRET_BYTES) {
    const message = `its values have more than ${MOST_SECRET_BYTES} bytes: split it`;
    issues.push({ path: ['spec', 'data'], at: 'key', message });
  }
  return { document: { ...document, spec: { ...spec, data: Object.fromEntries(data) } }, issues, warnings: [] };
}

function admitValue(given: Json, known: Json | undefined, place: ValuePlace, vault: SecretVault): AdmittedValue {
  const own = ['sealed', 'opened'].find((field) => given[field] !== undefined);
  if (own !== undefined) return { field: own, problem: 'is what a control plane makes of a value: write value' };
  if (given['file'] !== undefined)
    return { field: 'file', problem: 'is for documents in folders: write value, which is kept encrypted' };
  const { value, digest, ...rest } = given;
  if (value === undefined && typeof digest === 'string') {
    if (known?.['digest'] === digest) return { kept: { ...known, ...rest } };
    return { field: 'digest', problem: 'is not of the value that the control plane has: write value' };
  }
  // The schema tells.
  if (typeof value !== 'string' || value === '') return { kept: given };
  const { value: text, issues } = resolveVariables(value, {});
  if (issues.length > 0 || text === '') {
    const problem = 'is the value itself: nothing is read from anywhere else, and a first "$" is written "$$"';
    return { field: 'value', problem };
  }
  const sealed = known?.['sealed'];
  const isSame = typeof sealed === 'string' && vault.open(place, sealed) === text;
  return { kept: { ...rest, ...(isSame ? known : vault.seal(place, String(text))) } };
}
