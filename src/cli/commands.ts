import type { RunnableCommand } from './command.ts';

interface CommandEntry {
  readonly summary: string;
  /** Loaded only when it runs, so that `serve` starts without the modules of other commands. */
  load(): Promise<{ readonly command: RunnableCommand }>;
}

export const commands: ReadonlyMap<string, CommandEntry> = new Map<string, CommandEntry>([
  [
    'up',
    { summary: 'run everything in one process: control plane, analytics, sidecar', load: () => import('./up.ts') },
  ],
  ['serve', { summary: 'answer the Checks of Envoy', load: () => import('./serve.ts') }],
  ['control', { summary: 'run the control plane', load: () => import('./control.ts') }],
  ['validate', { summary: 'check documents, and list every fault', load: () => import('./validate.ts') }],
  ['doctor', { summary: 'find what is not enforced, and prove what is', load: () => import('./doctor/command.ts') }],
  ['check', { summary: 'explain how a request would be decided', load: () => import('./check.ts') }],
  ['counters', { summary: 'show or reset the quota of a client or key', load: () => import('./counters.ts') }],
  [
    'analytics',
    {
      summary: 'tell who called, how often, how fast, and what was refused',
      load: () => import('./analytics/command.ts'),
    },
  ],
  ['apply', { summary: 'write documents to the control plane', load: () => import('./platform/apply.ts') }],
  ['diff', { summary: 'show what an apply would change', load: () => import('./platform/diff.ts') }],
  ['get', { summary: 'list or show what the control plane has', load: () => import('./platform/get.ts') }],
  ['describe', { summary: 'tell of one API, application or contract', load: () => import('./platform/describe.ts') }],
  ['promote', { summary: 'bring an API to another namespace', load: () => import('./platform/promote.ts') }],
  ['export', { summary: 'write what the control plane has as files', load: () => import('./export/command.ts') }],
  ['delete', { summary: 'delete what the control plane has', load: () => import('./platform/delete.ts') }],
  [
    'contract',
    { summary: 'ask for, approve, revoke or restore a contract', load: () => import('./platform/contract.ts') },
  ],
  ['catalog', { summary: 'find APIs to ask for, and tell of one', load: () => import('./platform/catalog.ts') }],
  ['usage', { summary: 'tell how much of its limits a contract has used', load: () => import('./platform/usage.ts') }],
  ['app', { summary: 'make a client application, or rotate its secret', load: () => import('./platform/app.ts') }],
  [
    'secret',
    { summary: 'write values that policies read, or delete them', load: () => import('./platform/secret.ts') },
  ],
  ['sidecars', { summary: 'tell what each sidecar enforces', load: () => import('./platform/sidecars.ts') }],
  ['tail', { summary: 'show requests at a sidecar as they are decided', load: () => import('./platform/tail.ts') }],
  ['login', { summary: 'log in to the control plane', load: () => import('./platform/login.ts') }],
  ['logout', { summary: 'end the login', load: () => import('./platform/logout.ts') }],
  ['whoami', { summary: 'tell who you are to the control plane', load: () => import('./platform/whoami.ts') }],
  ['user', { summary: 'local users, and sessions', load: () => import('./platform/user.ts') }],
  [
    'token',
    { summary: 'make a token for sidecars or for CI, list and revoke', load: () => import('./platform/token.ts') },
  ],
  [
    'snapshot',
    { summary: 'export documents as a signed file, or look into one', load: () => import('./platform/snapshot.ts') },
  ],
  ['events', { summary: 'tell what happened, and who was told', load: () => import('./platform/events.ts') }],
  ['audit', { summary: 'tell who changed what', load: () => import('./platform/audit.ts') }],
  ['keys', { summary: 'fetch key sets again, to drop withdrawn keys', load: () => import('./keys.ts') }],
  ['schema', { summary: 'print the JSON Schema of the documents', load: () => import('./schema.ts') }],
  [
    'generate',
    { summary: 'print the configuration with which Envoy asks ostiary', load: () => import('./generate.ts') },
  ],
  ['import', { summary: 'bring over what another gateway has', load: () => import('./import/command.ts') }],
  ['hash-secret', { summary: 'hash a client secret for a document', load: () => import('./hash-secret.ts') }],
  [
    'hash-password',
    { summary: "hash a user's password for a document or a file", load: () => import('./hash-password.ts') },
  ],
  ['api-key', { summary: 'make an API key for a document', load: () => import('./api-key.ts') }],
  [
    'completion',
    { summary: 'print a script with which a shell completes commands', load: () => import('./completion/command.ts') },
  ],
  ['version', { summary: 'print the version', load: () => import('./version.ts') }],
]);
