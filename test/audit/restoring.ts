import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { beforeEach, expect, test } from 'vitest';
import { signedHead } from '../../src/audit/head.ts';
import { AuditStore, makeWayForEvents } from '../../src/audit/store.ts';
import { AUDIT_BACKUP_TABLES } from '../../src/audit/tables.ts';
import { verifyAudit } from '../../src/audit/verify.ts';
import { readBackup } from '../../src/registry/backup.ts';
import { restore } from '../../src/registry/restore.ts';
import { Fixture } from '../registry/fixture.ts';
import type { NewPlace } from '../registry/fixture.ts';
import { put } from '../registry/opened.ts';
import { eventOf } from './behaviour.ts';

const KEY = generateKeyPairSync('ed25519');
const { publicKey } = KEY;

/** What a backup keeps of the trail, whatever its database. */
export function trailIsRestored(newPlace: NewPlace): void {
  const fixture = new Fixture(newPlace);
  let store: AuditStore;
  beforeEach(async () => {
    store = await AuditStore.open(fixture.current.database);
    await fixture.registry.write([put('a', 1)], { actor: 'before', reason: '' });
    await store.append([eventOf('one'), eventOf('two', { count: 3 })]);
  });

  test('a trail that was restored from a backup goes on, and is verified', async () => {
    const { lines } = await readBackup(fixture.current.database, AUDIT_BACKUP_TABLES, fixture.nowMs);
    const texts: string[] = [];
    for await (const line of lines) texts.push(line.trimEnd());
    const other = await fixture.open(await fixture.newPlace());
    // It was started once: then it has a head, and no event.
    await AuditStore.open(other.database);
    await makeWayForEvents(other.database);
    const ports = { at: fixture.nowMs, randomBytes };
    await restore(other.database, AUDIT_BACKUP_TABLES, Readable.from(texts), ports);
    const restored = await AuditStore.open(other.database);
    const { sequence, hash: eventHash } = await store.head();
    expect(await restored.head()).toEqual(await store.head());
    await restored.append([eventOf('after')]);
    const { history, revision, hash } = await fixture.registry.head();
    const head = signedHead({ at: '2027-01-01T00:00:00Z', history, revision, hash, sequence, eventHash }, KEY);
    const verified = await verifyAudit(restored.database, { publicKey, against: head });
    expect(verified).toMatchObject({ problems: [], events: { sequence: 3 } });
    await expect(makeWayForEvents(other.database)).rejects.toThrow(/holds events of an audit trail/);
  });
}
