import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { systemClock } from '../../clock.ts';
import { formatSecretHash, hashSecret } from '../../contract/secret.ts';
import { name as nameSchema } from '../../document/fields.ts';
import { sentenceOf, UserError } from '../../errors.ts';
import { list, text } from '../../flags.ts';
import type { FlagValues } from '../../flags.ts';
import { AnypointClient, boundedAnswer } from '../../import/anypoint/client.ts';
import type { Credentials } from '../../import/anypoint/client.ts';
import { convertOrganization } from '../../import/anypoint/convert.ts';
import type { Converted } from '../../import/anypoint/convert.ts';
import { Existing } from '../../import/anypoint/existing.ts';
import { fetchOrganization } from '../../import/anypoint/fetch-organization.ts';
import { slugOf } from '../../import/anypoint/naming.ts';
import { readOrganization } from '../../import/anypoint/organization.ts';
import type { Organization } from '../../import/anypoint/organization.ts';
import type { Fields } from '../../import/remarks.ts';
import { policyKinds } from '../../policies/index.ts';
import { shown } from '../analytics/shown.ts';
import type { Environment } from '../command.ts';
import { count } from '../count.ts';
import { changesText, writeFolder } from '../export/folder.ts';
import { documentsOf } from '../platform/documents-of.ts';
import { listAll } from '../platform/get.ts';
import { withSecrets, writePrivate } from './new-secrets.ts';
import { textsOf } from './texts.ts';
import type { flexFlags } from './flex.ts';
import { hostsOf } from './flex.ts';
import { applyImported } from './to-control.ts';
import type { ControlTarget } from './to-control.ts';

export const anypointFlags = {
  url: text(undefined, 'URL', 'the platform, such as https://anypoint.mulesoft.com'),
  organization: text(undefined, 'ID', 'of --url: the id of the organization, or of a business group'),
  save: text(undefined, 'FILE', 'of --url: keep what was read there, secrets hashed; alone, nothing else is done'),
  environment: list(
    [],
    'NAME[=NAMESPACE]',
    'an environment and its namespace; repeatable. Absent: all, each by its own name',
    environmentPair,
  ),
  applicationsNamespace: text('applications', 'NAME', 'where client applications go', nameProblem),
  skipPolicy: list([], 'NAME', 'a policy of theirs that is not needed here; repeatable'),
  newSecrets: text(undefined, 'FILE', 'new secrets, by owner, of applications whose own can not be read'),
};

const LARGEST_FILE = 512 * 1024 * 1024;
const SECRET_BYTES = 32;
const SCOPE = 'import anypoint';

type Values = FlagValues<typeof anypointFlags> & Pick<FlagValues<typeof flexFlags>, 'out' | 'overwrite' | 'host'>;

/** `ostiary import anypoint`. @returns the exit code */
export async function importFromAnypoint(
  files: readonly string[],
  values: Values,
  environment: Environment,
  { target, isNamed }: { readonly target: ControlTarget; readonly isNamed: boolean },
): Promise<number> {
  const { out, overwrite, save } = values;
  if (out !== '' && isNamed) throw new UserError('give --out, or --server and --apply, and not both', 2);
  const { organization, raw } = await organizationOf(files, values, environment);
  if (save !== undefined) {
    await writePrivate(save, `${JSON.stringify(raw, null, 2)}\n`, 'w', '--save');
    process.stderr.write(`${save}: ${contentOf(organization)}\n`);
    if (out === '' && !target.isApplied) return 0;
  }
  const there = out === '' ? await documentsAt(target) : existsSync(out) ? await filesOf(out) : [];
  const converted = convertOrganization(organization, {
    namespaces: namespacesOf(organization, values.environment),
    applicationsNamespace: values.applicationsNamespace,
    hosts: hostsOf(values.host),
    skippedPolicies: values.skipPolicy,
    existing: new Existing(there),
    secretFieldsOf: (kind) => policyKinds.get(kind)?.secretFields ?? [],
    newSecret: () => randomBytes(SECRET_BYTES).toString('base64url'),
    hashOf,
  });
  tell(converted);
  const write = async (): Promise<boolean> => {
    if (out === '') return applyImported(expectedNew(converted.documents, there), target);
    const changes = await writeFolder(textsOf(converted), { path: out, scope: SCOPE, overwrite, mode: 0o600 });
    process.stderr.write(`${changesText(changes, out)}\n`);
    return true;
  };
  const isWritten = out !== '' || target.isApplied;
  const isDone = isWritten ? await withSecrets(converted.newSecrets, values.newSecrets, write) : await write();
  return isDone && converted.leftOut.length === 0 ? 0 : 1;
}

function hashOf(secret: string) {
  return formatSecretHash(hashSecret(secret));
}

async function organizationOf(
  [file, ...others]: readonly string[],
  { url, organization, save, environment: wanted }: Values,
  environment: Environment,
): Promise<{ readonly organization: Organization; readonly raw: unknown }> {
  if (others.length > 0) throw new UserError('expected one FILE', 2);
  if ((file === undefined) === (url === undefined))
    throw new UserError('where from? ostiary import anypoint FILE, or --url URL --organization ID', 2);
  if (file !== undefined) {
    if (save !== undefined || organization !== undefined)
      throw new UserError('--save and --organization are for --url', 2);
    const raw = await readJson(file);
    return { organization: readOrganization(raw, file), raw };
  }
  if (organization === undefined || url === undefined)
    throw new UserError('--url needs --organization ID: Access Management shows it', 2);
  const names = new Set(wanted.map((pair) => pair.split('=', 1)[0]));
  const client = new AnypointClient(url, credentialsOf(environment), {
    fetch: async (address, options) => boundedAnswer(await fetch(address, options)),
    clock: systemClock,
    sleep: (ms) => sleep(ms),
    tell: (line) => process.stderr.write(`${url}: ${line}\n`),
  });
  const isWanted = (name: string): boolean => names.size === 0 || names.has(name);
  const raw = await fetchOrganization(client, organization, { isWanted, hashOf });
  return { organization: readOrganization(raw, url), raw };
}

/** @throws UserError */
function credentialsOf({ ANYPOINT_TOKEN, ANYPOINT_CLIENT_ID, ANYPOINT_CLIENT_SECRET }: Environment): Credentials {
  if (ANYPOINT_TOKEN) return { token: ANYPOINT_TOKEN.trim() };
  if (ANYPOINT_CLIENT_ID && ANYPOINT_CLIENT_SECRET) {
    return { clientId: ANYPOINT_CLIENT_ID, clientSecret: ANYPOINT_CLIENT_SECRET };
  }
  throw new UserError('set ANYPOINT_TOKEN, or ANYPOINT_CLIENT_ID and ANYPOINT_CLIENT_SECRET of a connected app', 2);
}

async function readJson(file: string): Promise<unknown> {
  const content = await readFile(file, 'utf8').catch((error: unknown) => {
    throw new UserError(`${file}: ${sentenceOf(error)}`);
  });
  if (content.length > LARGEST_FILE) throw new UserError(`${file}: has more than ${LARGEST_FILE} bytes`);
  try {
    return JSON.parse(content) as unknown;
  } catch {
    throw new UserError(`${file}: is no JSON: ostiary import anypoint --url URL --save FILE makes such a file`);
  }
}

/** @throws UserError where two environments would share one, or one is not there */
function namespacesOf({ environments }: Organization, pairs: readonly string[]): ReadonlyMap<string, string> {
  const wanted = pairs.length === 0 ? environments.map(({ name }) => name) : pairs;
  const namespaces = new Map<string, string>();
  for (const pair of wanted) {
    const at = pairs.length === 0 ? -1 : pair.lastIndexOf('=');
    const name = at < 0 ? pair : pair.slice(0, at);
    const namespace = at < 0 ? slugOf(name) : pair.slice(at + 1);
    if (!environments.some((each) => each.name === name)) {
      const known = environments.map((each) => each.name).join(', ');
      throw new UserError(`--environment ${name}: there is none of this name; there are ${known}`, 2);
    }
    const twin = [...namespaces].find(([other, own]) => own === namespace && other !== name);
    if (twin !== undefined) {
      throw new UserError(`${twin[0]} and ${name} would both be ${namespace}: say --environment ${name}=NAMESPACE`, 2);
    }
    namespaces.set(name, namespace);
  }
  return namespaces;
}

async function documentsAt({ caller }: ControlTarget): Promise<readonly Fields[]> {
  const kinds = ['Api', 'ClientApplication', 'Contract', 'PolicyBinding'];
  const resources = await listAll({ kinds }, caller);
  return resources.map(({ document }) => document ?? {});
}

async function filesOf(folder: string): Promise<readonly Fields[]> {
  return (await documentsOf([folder])).map(({ value }) => value);
}

function expectedNew(documents: readonly Fields[], there: readonly Fields[]) {
  const known = new Set(there.map(keyOf));
  return documents.map((document) => {
    const isNew = document['kind'] !== 'Secret' && !known.has(keyOf(document));
    return isNew ? { document, expectedRevision: '0' } : { document };
  });
}

function keyOf({ kind, metadata }: Fields): string {
  const { namespace = 'default', name = '' } = Object(metadata) as { namespace?: string; name?: string };
  return JSON.stringify([kind, namespace, name]);
}

function tell({ notes, leftOut, newSecrets, documents, kept }: Converted): void {
  const lines = [
    ...notes.map((note) => `note: ${note}`),
    ...leftOut.map((line) => `left out: ${line}`),
    `${count(documents.length, 'document')}, ${kept.length} there already, ${leftOut.length} left out, ${count(newSecrets.length, 'new secret')}`,
  ];
  process.stderr.write(lines.map((line) => `${shown(line)}\n`).join(''));
}

function contentOf({ environments, applications }: Organization): string {
  const apis = environments.reduce((sum, environment) => sum + environment.apis.length, 0);
  return `${count(environments.length, 'environment')}, ${count(apis, 'API')}, ${count(applications.length, 'application')}`;
}

function environmentPair(given: string): string | undefined {
  const at = given.lastIndexOf('=');
  if (given === '' || at === 0) return 'expected NAME or NAME=NAMESPACE';
  return at < 0 ? undefined : nameProblem(given.slice(at + 1));
}

function nameProblem(given: string): string | undefined {
  return nameSchema.safeParse(given).success ? undefined : 'expected the name of a namespace';
}
