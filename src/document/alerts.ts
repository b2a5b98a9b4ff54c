import type { AlertFilter, Alerting, AlertRule } from '../alerts/rule.ts';
import { durationMsOf, listOf, ratioOf, thresholdOf } from './alert-schema.ts';
import type { Changes, DocumentIndex } from './document-index.ts';
import { compare } from './fault.ts';
import type { Faults } from './fault.ts';
import type { Issue } from './issues.ts';
import { addIssues } from './load.ts';
import type { Loaded } from './load.ts';
import { namespaceOf, PLATFORM_NAMESPACE, qualifiedName, referenceFrom } from './names.ts';
import type { DocumentOf } from './schema.ts';
import type { TierStage } from './tiers.ts';
import type { Warnings } from './warnings.ts';
import { WebhookStage } from './webhooks.ts';

const MINUTE_MS = 60_000;

/** What an alert may refer to. */
export interface AlertContext {
  readonly index: DocumentIndex;
  readonly tiers: TierStage;
}

/** Documents of kind Alert and Webhook. No Check depends on them, and neither does the version of the documents. */
export class AlertStage {
  readonly webhooks = new WebhookStage();
  #alerting: Alerting = { rules: [], webhooks: new Map() };
  #issues: readonly (readonly [Loaded<'Alert'>, readonly Issue[]])[] = [];
  #warnings: readonly (readonly [Loaded<'Alert'>, readonly Issue[]])[] = [];

  get alerting(): Alerting {
    return this.#alerting;
  }

  /** To be called after {@link WebhookStage.take}. */
  take(changes: Changes, webhooksChanged: boolean, context: AlertContext): void {
    const kinds = ['Alert', 'Api', 'ClientApplication'] as const;
    if (!webhooksChanged && !kinds.some((kind) => changes.touches(kind))) return;
    const webhooks = this.webhooks.byName();
    const compiled = [...context.index.all('Alert')].map((loaded) => compileAlert(loaded, context));
    this.#alerting = {
      rules: compiled.map(({ rule }) => rule).toSorted((a, b) => compare(a.name, b.name)),
      webhooks,
    };
    this.#issues = compiled.map(({ loaded, issues }) => [loaded, issues] as const);
    this.#warnings = compiled.map(({ loaded, rule }) => [loaded, warningsOf(rule)] as const);
  }

  tell(faults: Faults, warnings: Warnings): void {
    this.webhooks.tell(faults, warnings);
    for (const [{ place }, issues] of this.#issues) addIssues(faults, place, issues);
    for (const [{ place }, issues] of this.#warnings) warnings.add(place, issues);
  }
}

interface CompiledAlert {
  readonly loaded: Loaded<'Alert'>;
  readonly rule: AlertRule;
  readonly issues: readonly Issue[];
}

function compileAlert(loaded: Loaded<'Alert'>, context: AlertContext): CompiledAlert {
  const { document } = loaded;
  const { metadata, spec } = document;
  const { metric } = spec;
  const { apis, issues } = apisOf(document, context);
  const filter: AlertFilter = {
    ...Object.fromEntries(Object.entries(spec.filter ?? {}).map(([dimension, each]) => [dimension, listOf(each)])),
    ...(spec.filter?.client && { client: listOf(spec.filter.client).map((name) => referenceFrom(metadata, name)) }),
  };
  const notify = spec.notify.map((name) => referenceFrom(metadata, name));
  const windowMs = durationMsOf(spec.window ?? '') ?? 0;
  const shortMs = durationMsOf(spec.shortWindow ?? '') ?? Math.max(MINUTE_MS, Math.round(windowMs / 120_000) * 10_000);
  const rule: AlertRule = {
    name: qualifiedName(metadata),
    displayName: metadata.displayName,
    description: metadata.description,
    metric,
    apis,
    isEveryApi: apis.length === [...context.index.all('Api')].length,
    filter,
    statistic: spec.statistic ?? 'p95',
    objective: ratioOf(spec.objective ?? '') ?? 0,
    operator: spec.operator ?? (metric === 'completeness' ? 'below' : 'above'),
    // The schema has refused other values.
    threshold: thresholdOf(spec.threshold, metric) ?? 0,
    windowMs,
    shortWindowMs: metric === 'burnRate' ? shortMs : 0,
    forMs: durationMsOf(spec.for ?? '0s') ?? 0,
    severity: spec.severity,
    notify,
  };
  const webhookIssues = notify.flatMap((name, at) =>
    context.index.has('Webhook', name) ? [] : dangling(context.index, 'Webhook', name, ['notify', at]),
  );
  return { loaded, rule, issues: [...issues, ...filterIssues(rule, context), ...webhookIssues] };
}

function apisOf(
  { metadata, spec }: DocumentOf<'Alert'>,
  { index }: AlertContext,
): { readonly apis: readonly string[]; readonly issues: readonly Issue[] } {
  if (spec.metric === 'completeness') return { apis: [], issues: [] };
  if (spec.api !== undefined) {
    const name = referenceFrom(metadata, spec.api);
    return { apis: [name], issues: index.has('Api', name) ? [] : dangling(index, 'Api', name, ['api']) };
  }
  const own = namespaceOf(metadata);
  const labels = Object.entries(spec.selector?.labels ?? {});
  const chosen = [...index.all('Api')].filter(({ document: { metadata: of } }) => {
    if (own !== PLATFORM_NAMESPACE && own !== namespaceOf(of)) return false;
    const has = new Map(Object.entries(of.labels ?? {}));
    return labels.every(([label, value]) => has.get(label) === value);
  });
  const apis = chosen.map(({ document }) => qualifiedName(document.metadata)).toSorted(compare);
  if (apis.length > 0 || index.anyBroken('Api') || (labels.length === 0 && !index.any('Api')))
    return { apis, issues: [] };
  const where = labels.length > 0 ? ['selector', 'labels'] : spec.selector === undefined ? ['metric'] : ['selector'];
  const message =
    labels.length > 0
      ? 'no API has all of these labels, so the alert would never fire'
      : `no API is in the namespace ${own}, so the alert would never fire`;
  return { apis, issues: [{ path: ['spec', ...where], at: 'key', message, isDangling: true }] };
}

/** Names in a filter must exist: a misspelt one would match nothing, and the alert would never fire. */
function filterIssues({ apis, filter }: AlertRule, { index, tiers }: AlertContext): readonly Issue[] {
  const issues: Issue[] = [];
  for (const client of filter.client ?? []) {
    if (!index.has('ClientApplication', client))
      issues.push(...dangling(index, 'ClientApplication', client, ['filter', 'client']));
  }
  const known = new Set(apis.flatMap((api) => tiers.of(api) ?? []).map(({ name }) => name));
  const isKnown = apis.every((api) => tiers.of(api) !== undefined);
  for (const tier of filter.tier ?? []) {
    if (known.has(tier) || !isKnown) continue;
    const message = `no API that is meant has the tier ${JSON.stringify(tier)}${known.size === 0 ? '; they have none' : `; there are ${[...known].join(', ')}`}`;
    issues.push({ path: ['spec', 'filter', 'tier'], at: 'value', message, isDangling: true });
  }
  return issues;
}

function dangling(
  index: DocumentIndex,
  kind: 'Api' | 'ClientApplication' | 'Webhook',
  name: string,
  field: readonly PropertyKey[],
): readonly Issue[] {
  const message = index.dangling(kind, name);
  return message === undefined ? [] : [{ path: ['spec', ...field], at: 'value', message, isDangling: true }];
}

function warningsOf({ metric, windowMs, forMs }: AlertRule): readonly Issue[] {
  if (metric !== 'burnRate' || forMs <= windowMs) return [];
  const message = 'is longer than window: a budget may be spent before this alert fires';
  return [{ path: ['spec', 'for'], at: 'value', message }];
}
