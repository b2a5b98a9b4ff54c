import { dirname, resolve } from 'node:path';
import type { Webhook } from '../alerts/rule.ts';
import { loopbackProblem, problemOfDocumentUrl } from '../egress/document-url.ts';
import type { EgressRules } from '../egress/rules.ts';
import { sentenceOf } from '../errors.ts';
import { problemOfWebhookKey, webhookKey } from '../standard-webhooks.ts';
import type { Changes } from './document-index.ts';
import { resolveVariables } from './environment.ts';
import type { Faults } from './fault.ts';
import type { Issue } from './issues.ts';
import { addIssues } from './load.ts';
import type { Loaded } from './load.ts';
import { qualifiedName } from './names.ts';
import type { SecretReader } from './secret-source.ts';
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
  async take(changes: Changes, reader: SecretReader, rules: EgressRules): Promise<boolean> {
    for (const loaded of changes.removals('Webhook')) this.#compiled.delete(loaded);
    for (const loaded of changes.upserts('Webhook')) this.#compiled.set(loaded, await compiled(loaded, reader, rules));
    return changes.touches('Webhook');
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

async function compiled(loaded: WebhookDocument, reader: SecretReader, rules: EgressRules): Promise<CompiledWebhook> {
  const { metadata, spec } = loaded.document;
  const file = 'resource' in loaded.place ? undefined : loaded.place.source.file;
  const source = typeof spec.url === 'string' ? { value: spec.url } : spec.url;
  const url = await read(source, 'url', file, reader);
  const key = spec.signingSecret && (await read(spec.signingSecret, 'signingSecret', file, reader));
  const issues: Issue[] = [];
  if ('issue' in url) issues.push(url.issue);
  if (key !== undefined && 'issue' in key) issues.push(key.issue);
  const problem = 'text' in url ? problemOfDocumentUrl(url.text) : undefined;
  if (problem !== undefined) issues.push({ path: ['spec', 'url'], at: 'value', message: problem });
  const signingKey = key !== undefined && 'text' in key ? webhookKey(key.text) : undefined;
  const keyProblem = signingKey && problemOfWebhookKey(signingKey);
  if (keyProblem !== undefined) issues.push({ path: ['spec', 'signingSecret'], at: 'value', message: keyProblem });
  if (issues.length > 0 || !('text' in url)) return { webhook: undefined, issues, warnings: [] };
  const loopback = loopbackProblem(url.text, rules);
  const warnings: readonly Issue[] =
    loopback === undefined ? [] : [{ path: ['spec', 'url'], at: 'value', message: loopback }];
  const name = qualifiedName(metadata);
  return { webhook: { name, url: url.text, format: spec.format, signingKey }, issues, warnings };
}

type Read = { readonly text: string } | { readonly issue: Issue };

/** Unlike a client's secret it is needed itself, not its hash. */
async function read(
  source: { readonly value: string } | { readonly file: string },
  field: string,
  document: string | undefined,
  reader: SecretReader,
): Promise<Read> {
  const fault = (message: string): Read => ({ issue: { path: ['spec', field], at: 'value', message } });
  if ('value' in source) {
    const { value, issues } = resolveVariables(source.value, reader.variables);
    if (issues[0] !== undefined) return fault(issues[0].message);
    return value === '' ? fault('is empty') : { text: String(value) };
  }
  if (document === undefined) return fault('only a document in a file may name one');
  const path = resolve(dirname(document), source.file);
  reader.onFile(path);
  try {
    const text = (await reader.readFile(path, MAX_BYTES)).toString('utf8').replace(/\r?\n$/, '');
    return text === '' ? fault('its file is empty') : { text };
  } catch (error) {
    return fault(`its file: ${sentenceOf(error)}`);
  }
}
