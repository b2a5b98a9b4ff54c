import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { systemClock } from '../../src/clock.ts';
import { compile } from '../../src/document/compile.ts';
import type { CompiledOnce as Compiled } from '../../src/document/compile.ts';
import type { CompileOptions } from '../../src/document/compiler.ts';
import { formatFault } from '../../src/document/fault.ts';
import { systemFiles } from '../../src/file-access.ts';
import { definePolicy } from '../../src/policy/policy.ts';
import type { PolicyKind } from '../../src/policy/policy.ts';
import { upgrade } from '../../src/policy/upgrade-note.ts';
import type { Snapshot } from '../../src/snapshot/snapshot.ts';
import { loadDocuments } from '../../src/source/load-documents.ts';
import { scratchFolder } from '../real/scratch.ts';
import { policyEnvironment } from '../policies/environment.ts';

/** Files by their names below a folder; a value that is not a text is written as JSON. */
export type Files = Readonly<Record<string, unknown>>;

export function writeFolder(files: Files, folder = scratchFolder('config')): string {
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    const raw = typeof content === 'string' || content instanceof Uint8Array;
    writeFileSync(join(folder, name), raw ? content : JSON.stringify(content));
  }
  return folder;
}

/** Policies that decide nothing: they remember with what they were made, and whether they were closed. */
export interface Made {
  readonly kind: string;
  readonly options: unknown;
  closed: number;
}

export const made: Made[] = [];

function kindOf(name: string, phase: 'access' | 'quota'): PolicyKind {
  const options = z.strictObject({
    text: z.string().optional(),
    number: z.int().optional(),
    refuse: z.boolean().default(false),
    either: z.union([z.string(), z.array(z.string())]).optional(),
    header: z.string().default(`x-${name}`),
    loud: z.boolean().default(false),
  });
  return definePolicy({
    name,
    phase,
    summary: 'For tests',
    options,
    upgradeNotes: ({ loud }) => {
      return loud === undefined ? [] : [upgrade('loudness', ['loud'], 'is heard by everybody; 0.1 told nobody')];
    },
    create(config) {
      if (config.refuse) throw new TypeError(`refused with ${config.text}`);
      const entry: Made = { kind: name, options: config, closed: 0 };
      made.push(entry);
      const common = { identityHeaders: [config.header], close: () => void entry.closed++ };
      if (phase === 'access') return { ...common, phase, decide: () => ({}) };
      const charge = { key: '', limits: [], cost: 1, terms: { scope: 'mesh', onStoreFailure: 'deny' } } as const;
      return {
        ...common,
        phase,
        exposeHeaders: false,
        onStoreFailure: 'deny',
        demand: () => charge,
        demandFor: () => charge,
      };
    },
  });
}

const kinds = [kindOf('gate', 'access'), kindOf('meter', 'quota')];

export const options: CompileOptions = {
  policyKinds: new Map(
    kinds.flatMap((kind) => [
      [kind.name, kind],
      [`${kind.name}-flex`, kind],
    ]),
  ),
  environment: policyEnvironment(),
  env: { SECRET: 'from the environment', NUMBER: '42' },
  readFile: (path, maxBytes) => systemFiles.read(path, maxBytes),
  clock: systemClock,
};

export async function compileFolder(folder: string, changed: Partial<CompileOptions> = {}): Promise<Compiled> {
  return compile(await loadDocuments([folder], { clock: systemClock }), { ...options, ...changed });
}

/** The faults as users read them, without the path of the folder. */
export async function faultsOf(files: Files | string, changed: Partial<CompileOptions> = {}): Promise<string[]> {
  const folder = writeFolder(typeof files === 'string' ? { 'a.yaml': files } : files);
  const compiled = await compileFolder(folder, changed);
  const faults = compiled.snapshot === undefined ? compiled.faults : [];
  return faults.map((fault) => formatFault(fault).replaceAll(`${folder}/`, ''));
}

/** The warnings as users read them, without the path of the folder. */
export async function warningsOf(files: Files, changed: Partial<CompileOptions> = {}): Promise<string[]> {
  const folder = writeFolder(files);
  const { warnings } = await compileFolder(folder, changed);
  return warnings.map((warning) => formatFault(warning).replaceAll(`${folder}/`, ''));
}

export async function snapshotOf(files: Files | string, changed: Partial<CompileOptions> = {}): Promise<Snapshot> {
  const compiled = await compileFolder(writeFolder(typeof files === 'string' ? { 'a.yaml': files } : files), changed);
  if (compiled.snapshot === undefined) throw new Error(compiled.faults.map(formatFault).join('\n'));
  return compiled.snapshot;
}

export function document(kind: string, name: string, spec: object, metadata: object = {}) {
  return { apiVersion: 'ostiary.dev/v1alpha1', kind, metadata: { name, ...metadata }, spec };
}
