import { AnalyticsService } from '../../gen/ostiary/v1/analytics_pb.js';
import { AuditService } from '../../gen/ostiary/v1/audit_pb.js';
import { AuthoringService } from '../../gen/ostiary/v1/authoring_pb.js';
import { BackupService } from '../../gen/ostiary/v1/backup_pb.js';
import { CatalogService } from '../../gen/ostiary/v1/catalog_pb.js';
import { ContractService } from '../../gen/ostiary/v1/contracts_pb.js';
import { CredentialService } from '../../gen/ostiary/v1/credentials_pb.js';
import { EventService } from '../../gen/ostiary/v1/events_pb.js';
import { PeopleService } from '../../gen/ostiary/v1/people_pb.js';
import { ResourceService } from '../../gen/ostiary/v1/resources_pb.js';
import { SidecarService } from '../../gen/ostiary/v1/sidecars_pb.js';
import { SnapshotService } from '../../gen/ostiary/v1/snapshots_pb.js';
import { SyncService } from '../../gen/ostiary/v1/sync_pb.js';
import { TokenService } from '../../gen/ostiary/v1/tokens_pb.js';
import { UsageService } from '../../gen/ostiary/v1/usage_pb.js';

/** What a control plane serves. */
export const SERVICES = [
  ResourceService,
  ContractService,
  CredentialService,
  AuthoringService,
  AuditService,
  SidecarService,
  SnapshotService,
  SyncService,
  AnalyticsService,
  BackupService,
  EventService,
  PeopleService,
  TokenService,
  CatalogService,
  UsageService,
];
