import { createPublicKey } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { systemClock as clock, systemTimers as timers } from '../clock.ts';
import { firstFaults, formatFault, MAX_TOLD_FAULTS } from '../document/fault.ts';
import { sentenceOf, UserError } from '../errors.ts';
import { systemFiles } from '../file-access.ts';
import type { FollowedSource, Following } from '../sync/control-source-ports.ts';
import { SnapshotFollower } from '../sync/snapshot-follower.ts';
import type { SnapshotEvents } from '../sync/snapshot-follower.ts';
import type { ControlMetrics } from './control-metrics.ts';
import type { Reporting } from './reporting.ts';
import type { ServeFlags } from './serve-flags.ts';

const MAX_KEY_BYTES = 64 * 1024;

export interface SnapshotPorts {
  readonly log: Reporting['log'];
  readonly told: ControlMetrics;
  /** Of `--cache-key-file`. */
  readonly cacheKey: Buffer | undefined;
  /** There is nothing to start with. */
  readonly onUnusable: (error: UserError) => void;
}

/**
 * Makes what follows the file of `--control-snapshot`.
 * @returns undefined: there is no such flag
 * @throws UserError (rejects with it) where the key can't be used
 */
export async function snapshotFollowing(
  { controlSnapshot: file, controlSnapshotKey, allowOlderSnapshot: takesOlder }: ServeFlags,
  ports: SnapshotPorts,
): Promise<((followed: FollowedSource) => Following) | undefined> {
  if (file === undefined) return undefined;
  const publicKey = await readPublicKey('--control-snapshot-key', controlSnapshotKey ?? '');
  const { cacheKey } = ports;
  return (followed) => {
    const events = eventsOf(file, ports);
    const options = { file, publicKey, cacheKey, takesOlder };
    const follower = new SnapshotFollower(options, { followed, access: systemFiles, clock, timers, events });
    follower.start();
    return follower;
  };
}

/**
 * A public key in PEM.
 * @throws UserError (rejects with it)
 */
export async function readPublicKey(flag: string, file: string): Promise<KeyObject> {
  const pem = await systemFiles.read(file, MAX_KEY_BYTES).catch((error: unknown) => {
    throw new UserError(`${flag} ${file}: ${sentenceOf(error)}`, 1, { cause: error });
  });
  const text = pem.toString('utf8');
  try {
    // Of a private key Node would make the public one: it has no business here.
    const key = text.includes('PRIVATE KEY') ? undefined : createPublicKey(text);
    if (key?.asymmetricKeyType === 'ed25519') return key;
  } catch {
    // As any other key.
  }
  throw new UserError(`${flag} ${file}: expected the public key of a control plane, as ostiary snapshot key prints it`);
}

function eventsOf(file: string, { log, told, onUnusable }: SnapshotPorts): SnapshotEvents {
  return {
    inForce({ revision, committedAt }) {
      told.inForce(revision, Math.max(0, clock.now() - committedAt));
      log.info('snapshot in force', { detail: `${file}: revision ${revision}` });
    },
    rejected({ revision }, faults) {
      told.rejected();
      for (const fault of firstFaults(faults, MAX_TOLD_FAULTS))
        log.error('fault in documents of the snapshot', { detail: `revision ${revision}: ${formatFault(fault)}` });
    },
    refused(why, isFirst) {
      told.rejected();
      if (isFirst) onUnusable(new UserError(`--control-snapshot ${file} ${why}`));
      else log.error('snapshot not used', { detail: `${file} ${why}; what is in force stays` });
    },
  };
}
