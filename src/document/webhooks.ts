import { dirname, resolve } from 'node:path';
import type { Webhook } from '../alerts/rule.ts';
import { loopbackProblem, problemOfDocumentUrl } from '../egress/document-url.ts';
import type { EgressRules } from '../egress/rules.ts';
import { sentenceOf } from '../errors.ts';
import { problemOfWebhookKey, webhookKey } from '../standard-webhooks.ts';
import type { Changes } from './document-index.ts';
import { redact, resolveVariables } from './environment.ts';
import type { SecretLookup, Substitution } from './environment.ts';
import type { Faults } from './fault.ts';
import type { Issue } from './issues.ts';
import { addIssues } from './load.ts';
import type { Loaded } from './load.ts';
import { qualifiedName } from './names.ts';
import { accessOf } from './resource-access.ts';
import type { SecretReader } from './secret-source.ts';
import { refersTo } from './secrets.ts';
import type { SecretStage } from './secrets.ts';
import { readsFile, readsVariable, UnknownFile } from './unknown-values.ts';
import type { Warnings } from './warnings.ts';

const MAX_BYTES = 16 * 1024;

type WebhookDocument = Loaded<'Webhook'>;

interface CompiledWebhook {
  readonly webhook: Webhook | undefined;
  readonly issues: readonly Issue[];
  readonly warnings: readonly Issue[];
}

/** Documents of kind Webhook, by qualified name. */
export class WebhookStage {
  readonly #compiled = new Map<WebhookDocument, CompiledWebhook>();

  /** @returns whether any has changed */
  async take(
    changes: Changes,
    reader: SecretReader,
    rules: EgressRules,
    { stage, changed }: ChangedSecrets,
  ): Promise<boolean> {
    for (const loaded of changes.removals('Webhook')) this.#compiled.delete(loaded);
    const again = [...this.#compiled.keys()].filter((loaded) => refersTo(loaded, changed));
    for (const loaded of [...again, ...changes.upserts('Webhook')])
      this.#compiled.set(loaded, await compiled(loaded, reader, rules, stage.lookupFor(loaded.document.metadata)));
    return again.length > 0 || changes.touches('Webhook');
  }

  byName(): ReadonlyMap<string, Webhook> {
    const found = [...this.#compiled.values()].flatMap(({ webhook }) => webhook ?? []);
    return new Map(found.map((webhook) => [webhook.name, webhook]));
  }

  tell(faults: Faults, warnings: Warnings): void {
    for (const [{ place }, { issues, warnings: told }] of this.#compiled) {
      addIssues(faults, place, issues);
      warnings.add(place, told);
    }
  }
}

/** The Secrets, and the qualified names of those that have changed. */
export interface ChangedSecrets {
  readonly stage: SecretStage;
  readonly changed: ReadonlySet<string>;
}

async function compiled(
  loaded: WebhookDocument,
  reader: SecretReader,
  rules: EgressRules,
  secret: SecretLookup,
): Promise<CompiledWebhook> {
  const { metadata, spec } = loaded.document;
  const file = 'resource' in loaded.place ? undefined : loaded.place.source.file;
  const source = typeof spec.url === 'string' ? { value: spec.url } : spec.url;
  const url = await read(source, 'url', file, reader, secret);
  const key = spec.signingSecret && (await read(spec.signingSecret, 'signingSecret', file, reader, secret));
  const issues: Issue[] = [];
  const notes = [url, key].flatMap((each) => (each !== undefined && 'note' in each ? [each.note] : []));
  if ('issue' in url) issues.push(url.issue);
  if (key !== undefined && 'issue' in key) issues.push(key.issue);
  const problem = 'text' in url ? problemOfDocumentUrl(url.text) : undefined;
  const substitutions = 'text' in url ? url.substitutions : [];
  if (problem !== undefined)
    issues.push({ path: ['spec', 'url'], at: 'value', message: redact(problem, substitutions) });
  const signingKey = key !== undefined && 'text' in key ? webhookKey(key.text) : undefined;
  const keyProblem = signingKey && problemOfWebhookKey(signingKey);
  if (keyProblem !== undefined) issues.push({ path: ['spec', 'signingSecret'], at: 'value', message: keyProblem });
  // Without the key that is to sign them, no messages are sent.
  const isKeyUnknown = key !== undefined && signingKey === undefined;
  if (issues.length > 0 || !('text' in url) || isKeyUnknown) return { webhook: undefined, issues, warnings: notes };
  const loopback = loopbackProblem(url.text, rules);
  const warnings: readonly Issue[] = [
    ...notes,
    ...(loopback === undefined
      ? []
      : [{ path: ['spec', 'url'], at: 'value' as const, message: redact(loopback, substitutions) }]),
  ];
  const name = qualifiedName(metadata);
  return { webhook: { name, url: url.text, format: spec.format, signingKey }, issues, warnings };
}

type Read =
  | { readonly text: string; readonly substitutions: readonly Substitution[] }
  | { readonly issue: Issue }
  /** It is not known here. */
  | { readonly note: Issue };

/** Unlike a client's secret it is needed itself, not its hash. */
async function read(
  source: { readonly value: string } | { readonly file: string },
  field: string,
  document: string | undefined,
  reader: SecretReader,
  secret: SecretLookup,
): Promise<Read> {
  const issueOf = (message: string): Issue => ({ path: ['spec', field], at: 'value', message });
  const fault = (message: string): Read => ({ issue: issueOf(message) });
  const access = accessOf(document, reader);
  if ('value' in source) {
    const lookups = { secret, unset: access.unset };
    const { value, issues, substitutions } = resolveVariables(source.value, access.variables, lookups);
    if (issues[0] !== undefined) return { issue: { ...issues[0], path: ['spec', field] } };
    const unknown = substitutions.find(({ isUnknown }) => isUnknown);
    if (unknown !== undefined) {
      const of =
        unknown.isSecret === true ? 'is of a Secret whose value is not known here' : readsVariable(unknown.name);
      return { note: issueOf(of) };
    }
    return value === '' ? fault('is empty') : { text: String(value), substitutions };
  }
  const path = document === undefined ? source.file : resolve(dirname(document), source.file);
  reader.onFile(path);
  try {
    const text = (await access.readFile(path, MAX_BYTES)).toString('utf8').replace(/\r?\n$/, '');
    return text === '' ? fault('its file is empty') : { text, substitutions: [] };
  } catch (error) {
    if (error instanceof UnknownFile) return { note: issueOf(readsFile(source.file)) };
    return fault(`its file: ${sentenceOf(error)}`);
  }
}
