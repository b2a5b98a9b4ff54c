import { execFile } from 'node:child_process';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { parseAllDocuments } from 'yaml';
import { realPart } from '../real/parts.ts';
import { scratchFolder } from '../real/scratch.ts';

export const chart = join(import.meta.dirname, '../../charts/ostiary');

/** The sets of values that the chart is tested with, by the convention of chart-testing. */
export const valueSets = readdirSync(join(chart, 'ci')).map((file) => file.replace(/-values\.yaml$/, ''));

export function valuesFile(set: string): string {
  return join(chart, 'ci', `${set}-values.yaml`);
}

export interface KubernetesObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly spec: Record<string, unknown>;
}

/** What Helm renders for a release `shop` in the namespace `mesh`. @throws Error with Helm's own words */
export async function render(valuesFiles: readonly string[], args: readonly string[] = []): Promise<string> {
  const values = valuesFiles.flatMap((file) => ['--values', file]);
  return helm(['template', 'shop', chart, '--namespace', 'mesh', '--kube-version', '1.33.0', ...values, ...args]);
}

/** What Helm tells who installs the release. */
export async function notes(valuesFiles: readonly string[]): Promise<string> {
  const values = valuesFiles.flatMap((file) => ['--values', file]);
  const said = await helm(['install', 'shop', chart, '--namespace', 'mesh', '--dry-run=client', ...values]);
  return said.slice(said.indexOf('NOTES:'));
}

export async function lint(file: string): Promise<string> {
  return helm(['lint', '--strict', chart, '--values', file]);
}

/** Values that are not in a file of the chart. */
export function writeValues(values: object): string {
  const file = join(scratchFolder('values'), 'values.yaml');
  writeFileSync(file, JSON.stringify(values));
  return file;
}

export function objectsOf(rendered: string): readonly KubernetesObject[] {
  return parseAllDocuments(rendered)
    .map((document) => document.toJS() as KubernetesObject | null)
    .filter((object) => object !== null);
}

async function helm(args: readonly string[]): Promise<string> {
  try {
    return (await promisify(execFile)(await realPart('helm'), args, { maxBuffer: 16 << 20 })).stdout;
  } catch (error) {
    throw new Error(String((error as { stderr?: string; stdout?: string }).stderr ?? error), { cause: error });
  }
}

export interface PodTemplate {
  readonly metadata?: { readonly labels?: Readonly<Record<string, string>> };
  readonly spec: PodSpec;
}

export function podTemplateOf({ kind, spec }: KubernetesObject): PodTemplate | undefined {
  if (kind === 'Deployment' || kind === 'StatefulSet') return spec['template'] as PodTemplate;
  if (kind !== 'CronJob') return undefined;
  return (spec['jobTemplate'] as { spec: { template: PodTemplate } }).spec.template;
}

export function podSpecOf(object: KubernetesObject): PodSpec | undefined {
  return object.kind === 'Pod' ? (object.spec as unknown as PodSpec) : podTemplateOf(object)?.spec;
}

export interface PodSpec {
  readonly priorityClassName?: string;
  readonly containers: readonly {
    readonly securityContext: object;
    readonly args: readonly string[];
    readonly volumeMounts?: readonly { readonly name: string; readonly readOnly?: boolean }[];
  }[];
  readonly volumes?: readonly { readonly name: string }[];
}
