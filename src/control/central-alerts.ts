import type { Alerting } from '../alerts/rule.ts';
import type { Timers } from '../clock.ts';
import { compile } from '../document/compile.ts';
import type { CompileOptions } from '../document/compiler.ts';
import { DocumentReader, isRecord } from '../document/load.ts';
import type { Fault } from '../errors.ts';
import { keyText } from '../registry/conflict.ts';
import type { Resource } from '../registry/log.ts';
import type { Registry } from '../registry/registry.ts';
import { placeOf, readNothing } from './checking.ts';
import type { CurrentIndex } from './current-index.ts';
import { keyFrom } from './facts.ts';
import type { ResourceIndex } from './resource-index.ts';

export interface CentralAlertsPorts extends Pick<CompileOptions, 'policyKinds' | 'environment' | 'clock'> {
  readonly registry: Pick<Registry, 'resources' | 'onChange'>;
  readonly index: CurrentIndex;
  /** A document with the values of its Secret. */
  readonly open: (resource: Resource) => unknown;
  readonly timers: Timers;
  readonly onFault: (detail: string) => void;
  /** Which resources are compiled; absent: alerts and all that they may mean. */
  readonly concerned?: (index: ResourceIndex) => readonly string[];
}

/** Changes within this time are compiled together. */
const GATHER_MS = 1000;
const RETRY_MS = 10_000;

/** The alerts of the log, compiled with what they refer to. What can't be compiled leaves them as they were. */
export class CentralAlerts {
  readonly #ports: CentralAlertsPorts;
  readonly #listeners = new Set<() => void>();
  #alerting: Alerting = { rules: [], webhooks: new Map() };
  /** What the alerts were compiled from. */
  #compiledFrom = '';
  #cancel: (() => void) | undefined;
  #looking: Promise<void> = Promise.resolve();
  #stopListening = (): void => {};
  #isClosed = false;

  private constructor(ports: CentralAlertsPorts) {
    this.#ports = ports;
  }

  static async open(ports: CentralAlertsPorts): Promise<CentralAlerts> {
    const alerts = new CentralAlerts(ports);
    alerts.#stopListening = ports.registry.onChange(() => alerts.#lookAfter(GATHER_MS));
    await alerts.#look();
    return alerts;
  }

  alerting(): Alerting {
    return this.#alerting;
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#stopListening();
    this.#cancel?.();
    await this.#looking;
  }

  #lookAfter(delayMs: number): void {
    if (this.#isClosed) return;
    this.#cancel ??= this.#ports.timers.after(delayMs, () => {
      this.#cancel = undefined;
      this.#looking = this.#looking.then(() => this.#look());
    });
  }

  /** Never rejects. */
  async #look(): Promise<void> {
    const { concerned = keysOf, index, onFault } = this.#ports;
    try {
      const { index: resources } = await index.current();
      const keys = concerned(resources);
      const from = keys.map((text) => `${text} ${resources.get(text)?.revision}`).join('\n');
      if (from === this.#compiledFrom) return;
      const faults = await this.#compile(keys);
      if (faults.length === 0) this.#compiledFrom = from;
      else onFault(faults.map(({ file, message }) => `${file.replaceAll('\n', ' ')}: ${message}`).join('; '));
    } catch (error) {
      onFault(error instanceof Error ? error.message : String(error));
      this.#lookAfter(RETRY_MS);
    }
  }

  async #compile(keys: readonly string[]): Promise<readonly Fault[]> {
    const { policyKinds, environment, clock, open, registry } = this.#ports;
    const resources = keys.length === 0 ? [] : await registry.resources(keys.map(keyFrom));
    const reader = new DocumentReader();
    for (const resource of resources) {
      const { length } = reader.documents;
      reader.addDocument(placeOf(resource), withoutPolicies(resource.kind, open(resource)), []);
      const loaded = reader.documents[length];
      if (loaded !== undefined) reader.documents[length] = { ...loaded, createdAt: resource.createdRevision };
    }
    const { broken, documents, faults } = reader;
    const compiled = await compile(
      { complete: true, documents, broken, faults, sources: [] },
      { policyKinds, environment, clock, env: {}, unset: () => undefined, readFile: readNothing },
    );
    if (compiled.snapshot === undefined) return compiled.faults;
    compiled.dispose();
    this.#alerting = compiled.alerting;
    for (const listener of this.#listeners) listener();
    return [];
  }
}

/** Of alerts and all that they may mean; empty: there are none. */
function keysOf(index: ResourceIndex): readonly string[] {
  const alerts = index.ofKind('Alert');
  if (alerts.length === 0) return [];
  const webhooks = index.ofKind('Webhook');
  const all = [...alerts, ...webhooks, ...index.ofKind('Api')].map(keyText);
  const others = [...alerts, ...webhooks].flatMap(({ facts }) => facts.refers);
  return [...new Set([...all, ...others])].filter((text) => index.get(text) !== undefined);
}

/** No alert depends on them, and there may be many. */
function withoutPolicies(kind: string, document: unknown): unknown {
  if (kind !== 'Api' || !isRecord(document) || !isRecord(document['spec'])) return document;
  const { policies: _, ...spec } = document['spec'];
  return { ...document, spec };
}
