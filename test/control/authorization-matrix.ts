/**
 * Who may call what, of which team: as the rules say it, and not as the code does.
 *
 * Columns: admin, viewer and auditor of the platform; admin, owner, developer, viewer and auditor of the team that the object
 * belongs to; the same of another team; somebody without a role; nobody.
 *
 * `y`: yes. `W`: sees it whole. `R`: without credentials. `C`: as the catalog has it. `-`: PERMISSION_DENIED. `.`: as if it were
 * not there. `?`: UNAUTHENTICATED. Callers have access tokens, which set no password, make no other token and have no mail address. (The APIs have nothing that viewers do not see.)
 *
 * The team shop has the namespace shop, with the API orders (published), the API drafts (not published), the applications mobile
 * and web, and a Secret. The application web has a contract with the API parcels of the team returns. Applications of returns have
 * contracts with orders: one is pending, one in force, one revoked. None of the callers has asked for it.
 */
export const MATRIX = `
                                               platform  own team   another    no role
  ResourceService/Get published-api            WWW       WWCWW      C.C..      -?
  ResourceService/Get draft-api                WWW       WW.WW      .....      -?
  ResourceService/Get application              WRR       WRWRR      .....      -?
  ResourceService/Get applicant                WRR       WRWRR      RR...      -?
  ResourceService/Get contract                 WWW       WWWWW      WWWWW      -?
  ResourceService/Get secret                   WRR       WW.RR      .....      -?
  ResourceService/Get webhook                  WRR       WW.RR      .....      -?
  ResourceService/Get team                     WWW       WWWWW      .....      -?
  ResourceService/Get platform-binding         yyy       .....      .....      -?
  ResourceService/Get specification            yyy       yyyyy      y.y..      -?
  ResourceService/List                         yyy       yyyyy      yyyyy      -?
  ResourceService/Watch                        yyy       yyyyy      yyyyy      -?
  ResourceService/Apply api                    y--       yy---      -----      -?
  ResourceService/Apply application            y--       y-y--      -----      -?
  ResourceService/Apply secret                 y--       yy---      -----      -?
  ResourceService/Apply contract-request       y--       y-y--      -----      -?
  ResourceService/Apply team-members           y--       y----      -----      -?
  ResourceService/Apply team-namespaces        y--       -----      -----      -?
  ResourceService/Apply platform-binding       y--       -----      -----      -?
  ResourceService/Apply api-to-another-team    y--       -----      -----      -?
  ResourceService/Diff api                     y--       yy---      -----      -?
  ResourceService/Delete draft-api             y--       yy.--      ...--      -?
  ResourceService/Delete application           y--       y-y--      ...--      -?
  ContractService/Request                      y--       y-y--      .-.--      -?
  ContractService/Approve                      y--       yy---      -----      -?
  ContractService/Reject                       y--       yy---      -----      -?
  ContractService/Revoke                       y--       yy---      -----      -?
  ContractService/Restore                      y--       yy---      -----      -?
  ContractService/ChangeTier                   y--       yy---      y-y--      -?
  ContractService/Withdraw                     ---       -----      -----      -?
  ContractService/SetExpiry                    y--       yy---      -----      -?
  ContractService/GetContract                  yyy       yyyyy      yyyyy      -?
  CatalogService/Search                        yyy       yyyyy      yyyyy      -?
  CatalogService/Describe published-api        yyy       yyyyy      y.y..      -?
  CatalogService/Describe draft-api            yyy       yy.yy      .....      -?
  CatalogService/ListApplications              yyy       yyyyy      yyyyy      -?
  CatalogService/ListContracts                 yyy       yyyyy      yyyyy      -?
  UsageService/GetUsage contract               yyy       yyyyy      yyyyy      -?
  CredentialService/KillSecrets                y--       y-y--      .-.--      -?
  CredentialService/WithdrawApplication        y--       y-y--      .-.--      -?
  CredentialService/CreateApplication          y--       y-y--      -----      -?
  CredentialService/RotateSecret               y--       y-y--      .-.--      -?
  CredentialService/EndSecret                  y--       y-y--      .-.--      -?
  AuthoringService/ListKinds                   yyy       yyyyy      yyyyy      y?
  AuthoringService/GetSchema                   yyy       yyyyy      yyyyy      y?
  AuthoringService/ListOwnApis                 yyy       yyyyy      yyyyy      -?
  AuthoringService/ListRequests                y--       yy---      yy---      -?
  AuditService/ListChanges                     y-y       y---y      y---y      -?
  AuditService/ListEntries                     y-y       y---y      y---y      -?
  AuditService/Export                          y-y       -----      -----      -?
  AuditService/Verify                          y-y       -----      -----      -?
  AnalyticsService/Query                       yyy       yyyyy      yyyyy      -?
  AnalyticsService/Top                         yyy       yyyyy      yyyyy      -?
  AnalyticsService/Graph                       yyy       yyyyy      yyyyy      -?
  AnalyticsService/ListSamples                 yyy       yyyyy      yyyyy      -?
  SidecarService/ListSidecars                  yyy       -----      -----      -?
  SidecarService/GetReceipt                    yyy       yyyyy      yyyyy      -?
  SidecarService/AskSidecar explain            yyy       -----      -----      -?
  SidecarService/AskSidecar reset              y--       -----      -----      -?
  SidecarService/ForgetSidecar                 y--       -----      -----      -?
  SidecarService/CreateSidecarToken            y--       -----      -----      -?
  SidecarService/AdoptHistories                y--       -----      -----      -?
  SnapshotService/ExportSnapshot               y--       -----      -----      -?
  SnapshotService/GetSnapshotKey               y--       -----      -----      -?
  BackupService/Download                       y--       -----      -----      -?
  EventService/ListEvents                      yyy       yyyyy      yyyyy      -?
  EventService/ListDeliveries                  yyy       yyyyy      yyyyy      -?
  EventService/Redeliver                       y--       yyy--      yyy--      -?
  EventService/Subscribe                       yyy       yyyyy      yyyyy      y?
  EventService/ListSubscriptions               yyy       yyyyy      yyyyy      y?
  EventService/Unsubscribe                     ...       .....      .....      .?
  PeopleService/LogIn                          yyy       yyyyy      yyyyy      yy
  PeopleService/BeginLogin                     yyy       yyyyy      yyyyy      yy
  PeopleService/CompleteLogin                  yyy       yyyyy      yyyyy      yy
  PeopleService/WhoAmI                         yyy       yyyyy      yyyyy      y?
  PeopleService/LogOut                         yyy       yyyyy      yyyyy      y?
  PeopleService/DescribeLogin                  yyy       yyyyy      yyyyy      y?
  PeopleService/DecideLogin                    yyy       yyyyy      yyyyy      y?
  PeopleService/ListSessions                   yyy       yyyyy      yyyyy      y?
  PeopleService/EndSessions                    yyy       yyyyy      yyyyy      y?
  PeopleService/SetPassword                    ---       -----      -----      -?
  PeopleService/ListUsers                      y--       -----      -----      -?
  PeopleService/CreateUser                     ---       -----      -----      -?
  PeopleService/SetUserDisabled                y--       -----      -----      -?
  PeopleService/DeleteUser                     y--       -----      -----      -?
  TokenService/ListAccessTokens                yyy       yyyyy      yyyyy      y?
  TokenService/CreateAccessToken               ---       -----      -----      -?
  TokenService/RevokeAccessToken               yyy       yyyyy      yyyyy      y?
  SyncService/Join                             ???       ?????      ?????      ??
  SyncService/Follow                           ???       ?????      ?????      ??
  TelemetryService/ReportSlots                 ???       ?????      ?????      ??
`;

export interface MatrixRow {
  readonly service: string;
  readonly method: string;
  /** What it is done to; empty: nothing in particular. */
  readonly what: string;
  /** One character for each of {@link COLUMNS}. */
  readonly cells: string;
}

const ROLES = ['admin', 'owner', 'developer', 'viewer', 'auditor'] as const;

/** Callers by column: the team and the role; undefined: nobody. */
export const COLUMNS: readonly ({ readonly team: string; readonly role: string } | undefined)[] = [
  ...['admin', 'viewer', 'auditor'].map((role) => ({ team: 'platform', role })),
  ...ROLES.map((role) => ({ team: 'shop', role })),
  ...ROLES.map((role) => ({ team: 'returns', role })),
  { team: 'shop', role: '' },
  undefined,
];

export function matrixRows(): readonly MatrixRow[] {
  return MATRIX.trim()
    .split('\n')
    .slice(1)
    .map((line) => {
      const [, service = '', method = '', what = '', cells = ''] =
        /^\s*(\w+)\/(\w+)(?: ([\w-]+))?\s{2,}(.*)$/.exec(line) ?? [];
      return { service, method, what, cells: cells.replaceAll(' ', '') };
    });
}
