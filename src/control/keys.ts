import { join } from 'node:path';
import type { Registry } from '../registry/registry.ts';
import type { Opening } from '../sync/catalogue.ts';
import type { ControlFlags } from './flags.ts';
import { openedDocument } from './secret-vault.ts';
import type { SecretVault } from './secret-vault.ts';
import { openVault } from './secrets-key.ts';

/** What encrypts and signs for a control plane. */
export interface ControlKeys {
  readonly vault: SecretVault | undefined;
  /** Resources as sidecars are sent them. */
  readonly open: Opening;
  readonly snapshotKeyFile: string | undefined;
}

/** @throws UserError (rejects with it) */
export async function openKeys(
  { dataDir, secretsKeyFile, snapshotKeyFile }: Pick<ControlFlags, 'dataDir' | 'secretsKeyFile' | 'snapshotKeyFile'>,
  registry: Registry,
  randomBytes: (count: number) => Buffer,
): Promise<ControlKeys> {
  const vault = await openVault(secretsKeyFile, registry, randomBytes);
  return {
    vault,
    open: (resource) => openedDocument(resource, vault),
    snapshotKeyFile: snapshotKeyFile ?? (dataDir && join(dataDir, 'snapshot-key.pem')),
  };
}
