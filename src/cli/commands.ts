import type { RunnableCommand } from './command.ts';

interface CommandEntry {
  readonly summary: string;
  /** Loaded only when it runs, so that `serve` starts without what the others need. */
  load(): Promise<{ readonly command: RunnableCommand }>;
}

export const commands: ReadonlyMap<string, CommandEntry> = new Map<string, CommandEntry>([
  ['serve', { summary: 'answer Checks by the documents of --policies', load: () => import('./serve.ts') }],
  ['validate', { summary: 'tell every fault of documents', load: () => import('./validate.ts') }],
  ['check', { summary: 'explain what would become of a request', load: () => import('./check.ts') }],
  ['counters', { summary: 'show or close the windows of a client', load: () => import('./counters.ts') }],
  ['keys', { summary: 'fetch key sets anew, so that withdrawn keys end', load: () => import('./keys.ts') }],
  ['schema', { summary: 'print the JSON Schema of the documents', load: () => import('./schema.ts') }],
  ['generate', { summary: 'print what makes an Envoy ask ostiary', load: () => import('./generate.ts') }],
  ['hash-secret', { summary: 'hash a client secret for a document', load: () => import('./hash-secret.ts') }],
  ['version', { summary: 'print the version', load: () => import('./version.ts') }],
]);
