import type { RunnableCommand } from './command.ts';

interface CommandEntry {
  readonly summary: string;
  /** Loaded only when it runs, so that `serve` starts without the modules of other commands. */
  load(): Promise<{ readonly command: RunnableCommand }>;
}

export const commands: ReadonlyMap<string, CommandEntry> = new Map<string, CommandEntry>([
  ['serve', { summary: 'answer the Checks of Envoy', load: () => import('./serve.ts') }],
  ['validate', { summary: 'check documents, and list every fault', load: () => import('./validate.ts') }],
  ['check', { summary: 'explain how a request would be decided', load: () => import('./check.ts') }],
  ['counters', { summary: 'show or reset the quota of a client or key', load: () => import('./counters.ts') }],
  [
    'analytics',
    {
      summary: 'tell who called, how often, how fast, and what was refused',
      load: () => import('./analytics/command.ts'),
    },
  ],
  ['keys', { summary: 'fetch key sets again, to drop withdrawn keys', load: () => import('./keys.ts') }],
  ['schema', { summary: 'print the JSON Schema of the documents', load: () => import('./schema.ts') }],
  [
    'generate',
    { summary: 'print the configuration with which Envoy asks ostiary', load: () => import('./generate.ts') },
  ],
  ['import', { summary: 'make documents of those of Flex/Omni Gateway', load: () => import('./import.ts') }],
  ['hash-secret', { summary: 'hash a client secret for a document', load: () => import('./hash-secret.ts') }],
  [
    'hash-password',
    { summary: "hash a user's password for a document or a file", load: () => import('./hash-password.ts') },
  ],
  ['api-key', { summary: 'make an API key for a document', load: () => import('./api-key.ts') }],
  ['version', { summary: 'print the version', load: () => import('./version.ts') }],
]);
