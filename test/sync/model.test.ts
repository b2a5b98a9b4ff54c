import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import { it } from 'vitest';
import { EVERYTHING } from '../../src/sync/scope.ts';
import { scratchFolder } from '../real/scratch.ts';
import { startControl, TestSidecar } from './fixture.ts';
import type { TestControl } from './fixture.ts';
import { api, client, contract, doc, MemoryLog, put } from './memory-log.ts';
import type { WrittenDocument } from './memory-log.ts';
import { MemoryStore } from './memory-store.ts';

// Random writes, cuts, frames that come twice or in another order, crashes of either side, backups that return and logs
// that fork: whatever a sidecar enforces was committed once as a whole, and in the end it is what the control plane has.

const SCOPES = [EVERYTHING, { ...EVERYTHING, apis: ['a', 'b'] }, { ...EVERYTHING, labels: { tier: 'gold' } }];
const NAMES = ['a', 'b', 'c'];

type Step =
  | { readonly kind: 'write'; readonly documents: readonly WrittenDocument[] }
  | { readonly kind: 'cut'; readonly sidecar: number }
  | { readonly kind: 'crash'; readonly sidecar: number }
  | { readonly kind: 'restart' }
  | { readonly kind: 'garble'; readonly sidecar: number; readonly how: 'twice' | 'swapped' | 'lost' }
  | { readonly kind: 'backup' }
  | { readonly kind: 'restore' }
  | { readonly kind: 'wait' };

const name = fc.constantFrom(...NAMES);
const sidecarNumber = fc.nat({ max: SCOPES.length - 1 });
const someDocument = fc.oneof(
  fc
    .tuple(name, fc.constantFrom(undefined, 'gold'), fc.nat({ max: 3 }))
    .map(([api_, tier, version]) => api(api_, tier === undefined ? {} : { tier }, { basePath: `/${api_}${version}` })),
  name.map((api_) => doc('Api', api_, undefined)),
  fc.tuple(name, name).map(([client_, api_]) => contract(`${client_}-${api_}`, client_, api_)),
  fc.tuple(name, name).map(([client_, api_]) => doc('Contract', `${client_}-${api_}`, undefined)),
  name.map(client),
);

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc
      .uniqueArray(someDocument, { minLength: 1, maxLength: 4, selector: ({ kind, metadata }) => kind + metadata.name })
      .map((documents) => ({ kind: 'write' as const, documents })),
  },
  { weight: 2, arbitrary: sidecarNumber.map((sidecar) => ({ kind: 'cut' as const, sidecar })) },
  { weight: 2, arbitrary: sidecarNumber.map((sidecar) => ({ kind: 'crash' as const, sidecar })) },
  {
    weight: 2,
    arbitrary: fc
      .tuple(sidecarNumber, fc.constantFrom('twice' as const, 'swapped' as const, 'lost' as const))
      .map(([sidecar, how]) => ({ kind: 'garble' as const, sidecar, how })),
  },
  { weight: 1, arbitrary: fc.constant({ kind: 'restart' as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'backup' as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'restore' as const }) },
  { weight: 4, arbitrary: fc.constant({ kind: 'wait' as const }) },
);

/** A mesh of one control plane at a time and a sidecar for each scope. */
class Mesh {
  log = new MemoryLog();
  readonly store = new MemoryStore();
  plane: TestControl | undefined;
  #backup: MemoryLog | undefined;
  readonly tokens: string[] = [];
  readonly sidecars: TestSidecar[] = [];
  readonly folders = SCOPES.map(() => join(scratchFolder('model'), 'c'));
  readonly #cuts: ((() => void) | undefined)[] = [];
  readonly #garbled: (Extract<Step, { kind: 'garble' }>['how'] | undefined)[] = [];
  readonly #held: (Uint8Array | undefined)[] = [];
  /** By scope: every state that was committed, as one text. */
  readonly committed = SCOPES.map(() => new Set<string>(['[]']));

  async start(): Promise<void> {
    await this.write([api('a'), api('b', { tier: 'gold' }), client('a')]);
    this.plane = await startControl(this.log, { store: this.store });
    for (const [number, scope] of SCOPES.entries()) {
      this.tokens.push(await this.plane.token(scope));
      this.begin(number);
    }
  }

  begin(number: number): void {
    this.sidecars[number] = new TestSidecar(() => this.plane, {
      node: `node-${number}`,
      token: this.tokens[number] ?? '',
      folder: this.folders[number],
      network: {
        opened: (cut) => {
          this.#cuts[number] = cut;
          this.#held[number] = undefined;
        },
        down: (message) => this.#down(number, message),
      },
    });
  }

  #down(number: number, message: Uint8Array): readonly Uint8Array[] {
    const held = this.#held[number];
    this.#held[number] = undefined;
    const how = this.#garbled[number];
    this.#garbled[number] = undefined;
    if (how === 'lost') return [];
    if (how === 'twice') return [message, message];
    if (how === 'swapped') {
      this.#held[number] = message;
      return held === undefined ? [] : [held];
    }
    return held === undefined ? [message] : [message, held];
  }

  async write(documents: readonly WrittenDocument[]): Promise<void> {
    await put(this.log, ...documents);
    await this.note();
  }

  async note(): Promise<void> {
    for (const [number, states] of this.committed.entries()) states.add(await this.stateFor(number));
  }

  async stateFor(number: number): Promise<string> {
    const { resources } = await this.log.snapshot();
    const all = resources.map((resource) => Object.assign({ spec: specOf(resource.document) }, resource));
    const [, ofNames, ofGold] = SCOPES;
    const isOwn = (api_: string): boolean => {
      const found = all.find(({ kind, name: of }) => kind === 'Api' && of === api_);
      if (found === undefined) return false;
      if (SCOPES[number] === ofNames) return ['a', 'b'].includes(api_);
      return SCOPES[number] !== ofGold || labelsOf(found.document)['tier'] === 'gold';
    };
    const clients = new Set<string>();
    const contracts = all.filter(
      ({ kind, spec }) => kind === 'Contract' && (number === 0 || isOwn(String(spec['api']))),
    );
    for (const { spec } of contracts) clients.add(String(spec['clientApplication']));
    const members = all.filter((resource) => {
      if (number === 0) return true;
      if (resource.kind === 'Api') return isOwn(resource.name);
      return resource.kind === 'Contract' ? contracts.includes(resource) : clients.has(resource.name);
    });
    return textOf(members.map(({ kind, name: of, spec }) => [`${kind} ${of}`, spec['basePath'] ?? spec['api'] ?? '']));
  }

  check(): void {
    for (const [number, { documents }] of this.sidecars.entries()) {
      const text = enforced(documents);
      if (this.committed[number]?.has(text) !== true)
        throw new Error(`node-${number} enforces what never was: ${text}`);
    }
  }

  async take(taken: Step): Promise<void> {
    switch (taken.kind) {
      case 'write':
        return this.write(taken.documents);
      case 'cut':
        this.#cuts[taken.sidecar]?.();
        return;
      case 'crash':
        await this.sidecars[taken.sidecar]?.close();
        this.begin(taken.sidecar);
        return;
      case 'garble':
        this.#garbled[taken.sidecar] = taken.how;
        return;
      case 'restart':
        await this.#replace(this.log);
        return;
      case 'backup':
        this.#backup = this.log.copy();
        return;
      case 'restore':
        // By the same name, as a copy of a disk has it: nobody has told it that it is another one.
        if (this.#backup !== undefined) await this.#replace(this.#backup.copy());
        return;
      case 'wait':
        for (let count = 0; count < 20; count++) await turn();
    }
  }

  async #replace(log: MemoryLog): Promise<void> {
    await this.plane?.close();
    this.log = log;
    this.plane = await startControl(log, { store: this.store });
  }

  /** What was lost with a backup comes back by one command; then all are to have the same. */
  async settle(): Promise<void> {
    this.#garbled.length = 0;
    const { history } = await this.log.head();
    await this.store.adopt([history], Date.now() + 1000);
    for (const [number, sidecar] of this.sidecars.entries()) {
      const wanted = await this.stateFor(number);
      this.#cuts[number]?.();
      await sidecar.until(() => enforced(sidecar.documents) === wanted);
    }
  }

  async close(): Promise<void> {
    for (const sidecar of this.sidecars) await sidecar.close();
    await this.plane?.close();
  }
}

it('ends with the state of the control plane, and never enforces what was not committed as a whole', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 25 }), async (steps) => {
      const mesh = new Mesh();
      try {
        await mesh.start();
        for (const taken of steps) {
          await mesh.take(taken);
          mesh.check();
        }
        await mesh.settle();
        mesh.check();
      } finally {
        await mesh.close();
      }
    }),
    { numRuns: Number(process.env['MODEL_RUNS'] ?? 10), endOnFailure: true },
  );
}, 120_000);

function enforced(documents: ReadonlyMap<string, unknown>): string {
  const entries = [...documents].map(([key, spec]): [string, unknown] => {
    const fields = spec as Record<string, unknown>;
    return [key, fields['basePath'] ?? fields['api'] ?? ''];
  });
  return textOf(entries);
}

function textOf(entries: readonly (readonly [string, unknown])[]): string {
  return JSON.stringify(entries.toSorted(([one], [other]) => (one < other ? -1 : 1)));
}

function specOf(document: unknown): Readonly<Record<string, unknown>> {
  return (document as { spec: Record<string, unknown> }).spec;
}

function labelsOf(document: unknown): Readonly<Record<string, string>> {
  return (document as { metadata: { labels?: Record<string, string> } }).metadata.labels ?? {};
}
