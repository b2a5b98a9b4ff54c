/**
 * What a person runs, or asks somebody to run, to have a method called that takes a role. Methods that no command calls have
 * none.
 */
const COMMANDS: ReadonlyMap<string, string> = new Map([
  ['ResourceService/Apply', 'apply'],
  ['ResourceService/Diff', 'diff'],
  ['ResourceService/Delete', 'delete'],
  ['ResourceService/Get', 'get'],
  ['ResourceService/List', 'get'],
  ['ContractService/Request', 'contract request'],
  ['ContractService/Approve', 'contract approve'],
  ['ContractService/Reject', 'contract reject'],
  ['ContractService/Revoke', 'contract revoke'],
  ['ContractService/Restore', 'contract restore'],
  ['ContractService/ChangeTier', 'contract change-tier'],
  ['ContractService/Withdraw', 'contract withdraw'],
  ['ContractService/SetExpiry', 'contract expire'],
  ['ContractService/GetContract', 'contract show'],
  ['CatalogService/Search', 'catalog search'],
  ['CatalogService/Describe', 'catalog show'],
  ['UsageService/GetUsage', 'usage'],
  ['CredentialService/CreateApplication', 'app create'],
  ['CredentialService/RotateSecret', 'app rotate-secret'],
  ['CredentialService/EndSecret', 'app end-secret'],
  ['CredentialService/KillSecrets', 'app kill-secret'],
  ['CredentialService/WithdrawApplication', 'app withdraw'],
  ['AuditService/ListEntries', 'audit'],
  ['AuditService/ListChanges', 'describe'],
  ['AuditService/Export', 'audit export'],
  ['AuditService/Verify', 'audit verify'],
  ['AuditService/GetHead', 'audit head'],
  ['AnalyticsService/Query', 'analytics query'],
  ['AnalyticsService/Top', 'analytics top'],
  ['AnalyticsService/Graph', 'analytics graph'],
  ['AnalyticsService/ListSamples', 'analytics samples'],
  ['SidecarService/ListSidecars', 'sidecars'],
  ['SidecarService/ForgetSidecar', 'sidecars forget'],
  ['SidecarService/AskSidecar', 'tail --node'],
  ['SidecarService/CreateSidecarToken', 'token create --sidecar'],
  ['SidecarService/AdoptHistories', 'control adopt'],
  ['SnapshotService/ExportSnapshot', 'snapshot export'],
  ['SnapshotService/GetSnapshotKey', 'snapshot key'],
  ['BackupService/Download', 'control backup'],
  ['EventService/ListEvents', 'events'],
  ['EventService/ListDeliveries', 'events deliveries'],
  ['EventService/Redeliver', 'events redeliver'],
  ['PeopleService/ListUsers', 'user list'],
  ['PeopleService/CreateUser', 'user create'],
  ['PeopleService/SetUserDisabled', 'user disable'],
  ['PeopleService/DeleteUser', 'user delete'],
]);

/**
 * What people call a method by: `ContractService/Approve (ostiary contract approve)`.
 * @param path such as `/ostiary.v1.ContractService/Approve`
 */
export function methodName(path: string): string {
  const name = path.replace(/^\/ostiary\.v1\./, '');
  const command = COMMANDS.get(name);
  return command === undefined ? name : `${name} (ostiary ${command})`;
}

/** By method, such as `ContractService/Approve`: its command, without `ostiary`. */
export function methodCommands(): ReadonlyMap<string, string> {
  return COMMANDS;
}
