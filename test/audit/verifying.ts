import { generateKeyPairSync } from 'node:crypto';
import { sql } from 'kysely';
import type { Transaction } from 'kysely';
import { beforeEach, expect, test } from 'vitest';
import { eventHash } from '../../src/audit/chain.ts';
import { signedHead } from '../../src/audit/head.ts';
import type { SignedHead } from '../../src/audit/head.ts';
import { pruneEvents } from '../../src/audit/pruning.ts';
import { AuditStore } from '../../src/audit/store.ts';
import { EVENT_COLUMNS } from '../../src/audit/tables.ts';
import type { AuditTables, EventTable } from '../../src/audit/tables.ts';
import { verifyAudit } from '../../src/audit/verify.ts';
import { chainHash, NO_HASH } from '../../src/registry/chain.ts';
import { CHANGE_COLUMNS } from '../../src/registry/tables.ts';
import { Fixture } from '../registry/fixture.ts';
import type { NewPlace } from '../registry/fixture.ts';
import { put, remove } from '../registry/opened.ts';
import { ALICE, eventOf } from './behaviour.ts';

const KEY = generateKeyPairSync('ed25519');
const { publicKey } = KEY;
const AUTHOR = { actor: ALICE.name, reason: 'new', credential: ALICE.credential, address: ALICE.address };
const DAY_MS = 86_400_000;

/** What is found of what was done behind the trail's back, whatever its database. */
export function tamperingIsFound(newPlace: NewPlace): void {
  const fixture = new Fixture(newPlace);
  let store: AuditStore;
  let head: SignedHead;
  beforeEach(async () => {
    store = await AuditStore.open(fixture.current.database);
    const { registry } = fixture;
    await registry.write([put('old', 1), put('b', 1)], { actor: 'before', reason: '' });
    await store.append([eventOf('one'), eventOf('two', { detail: { why: 'x' } })]);
    await registry.write([put('old', 2), remove('b')], AUTHOR);
    await store.append([eventOf('three'), eventOf('four', { count: 3 })]);
    head = await headNow();
    await registry.write([put('later', 1)], AUTHOR);
    await store.append([eventOf('five')]);
  });
  const verify = (against?: SignedHead) => verifyAudit(store.database, { publicKey, against });
  async function headNow(): Promise<SignedHead> {
    const { history, revision, hash } = await fixture.registry.head();
    const { sequence, hash: eventHashNow } = await store.head();
    return signedHead({ at: '2027-01-01T00:00:00Z', history, revision, hash, sequence, eventHash: eventHashNow }, KEY);
  }
  /** What is found after something was done, which is undone then. */
  async function foundAfter(act: (inside: Transaction<AuditTables>) => Promise<unknown>, against?: SignedHead) {
    // As whoever has the database does it: it stays, and is undone by what was there.
    const { kysely } = store.database;
    const [changes, events, heads, ends] = await Promise.all([
      kysely.selectFrom('registry_change').selectAll().execute(),
      kysely.selectFrom('audit_event').selectAll().execute(),
      kysely.selectFrom('registry_head').selectAll().execute(),
      kysely.selectFrom('audit_head').selectAll().execute(),
    ]);
    await kysely.transaction().execute(act);
    const { problems } = await verify(against);
    await kysely.transaction().execute(async (inside) => {
      await inside.deleteFrom('registry_change').execute();
      await inside.insertInto('registry_change').values(changes).execute();
      await inside.deleteFrom('audit_event').execute();
      await inside.insertInto('audit_event').values(events).execute();
      await inside.deleteFrom('registry_head').execute();
      await inside.insertInto('registry_head').values(heads).execute();
      await inside.deleteFrom('audit_head').execute();
      await inside.insertInto('audit_head').values(ends).execute();
    });
    return problems;
  }

  test('an untouched trail has no problem, nor against an earlier head', async () => {
    const found = await verify(head);
    expect(found.problems).toEqual([]);
    expect(found).toMatchObject({ head: { revision: 5 }, events: { sequence: 5 }, firstEvent: undefined });
  });

  test('each column of an event that is altered is found at that event', async () => {
    for (const [column, kind] of Object.entries(EVENT_COLUMNS)) {
      if (column === 'sequence') continue;
      const value = kind === 'integer' ? sql`${sql.ref(column)} + 1` : sql`${sql.ref(column)} || 'x'`;
      const found = await foundAfter((inside) =>
        sql`UPDATE audit_event SET ${sql.ref(column)} = ${value} WHERE sequence = 3`.execute(inside),
      );
      expect(found[0], column).toMatch(/^event 3 /);
    }
  });

  test('each column of a change that is altered is found at that change, of those written before it was kept from where too', async () => {
    for (const revision of [1, 3]) {
      for (const [column, kind] of Object.entries(CHANGE_COLUMNS)) {
        if (column === 'revision') continue;
        const isContent = column === 'before' || column === 'after';
        const value = isContent
          ? sql`replace(${sql.ref(column)}, 'api', 'git')`
          : kind === 'integer'
            ? sql`${sql.ref(column)} + 1`
            : sql`${sql.ref(column)} || 'x'`;
        const found = await foundAfter((inside) =>
          sql`UPDATE registry_change SET ${sql.ref(column)} = ${value} WHERE revision = ${revision}`.execute(inside),
        );
        // There was nothing before the first one.
        if (revision === 1 && column === 'before') continue;
        expect(found[0], column).toMatch(new RegExp(`^revision ${revision} .*was changed after it was written`));
      }
    }
  });

  test('rows that are removed, added, renumbered or swapped are found', async () => {
    const cases: readonly (readonly [string, (inside: Transaction<AuditTables>) => Promise<unknown>])[] = [
      ['event 2 is missing', (inside) => sql`DELETE FROM audit_event WHERE sequence = 2`.execute(inside)],
      ['events 2 to 3 are missing', (inside) => sql`DELETE FROM audit_event WHERE sequence IN (2, 3)`.execute(inside)],
      [
        'event 1 is missing, and no event says that they were removed',
        (inside) => sql`DELETE FROM audit_event WHERE sequence = 1`.execute(inside),
      ],
      [
        'the head says event 5, and the last one is 4',
        (inside) => sql`DELETE FROM audit_event WHERE sequence = 5`.execute(inside),
      ],
      ['event 3 is missing', (inside) => sql`UPDATE audit_event SET sequence = 9 WHERE sequence = 3`.execute(inside)],
      [
        'event 6 (secret.read by user:alice@example.com) was changed after it was written',
        (inside) =>
          sql`INSERT INTO audit_event SELECT 6, happened_at, action, outcome, actor, credential, address, kind, namespace,
          name, detail, count, until_at, head_revision, head_hash, hash FROM audit_event WHERE sequence = 5`.execute(
            inside,
          ),
      ],
      [
        'event 2 (secret.read by user:alice@example.com) was changed after it was written',
        async (inside) => {
          await sql`UPDATE audit_event SET sequence = 99 WHERE sequence = 2`.execute(inside);
          await sql`UPDATE audit_event SET sequence = 2 WHERE sequence = 3`.execute(inside);
          await sql`UPDATE audit_event SET sequence = 3 WHERE sequence = 99`.execute(inside);
        },
      ],
      ['revision 3 is missing', (inside) => sql`DELETE FROM registry_change WHERE revision = 3`.execute(inside)],
      ['the head says event 6', (inside) => sql`UPDATE audit_head SET sequence = 6`.execute(inside)],
    ];
    for (const [problem, act] of cases) expect((await foundAfter(act)).join('\n')).toContain(problem);
  });

  test('a chain that was computed anew is found by a head that was kept elsewhere, and by nothing else', async () => {
    const rewriteEvents = async (inside: Transaction<AuditTables>): Promise<void> => {
      await sql`UPDATE audit_event SET actor = 'nobody' WHERE sequence = 3`.execute(inside);
      const rows = await inside.selectFrom('audit_event').selectAll().orderBy('sequence').execute();
      let hash = NO_HASH;
      for (const { hash: _old, ...facts } of rows) {
        hash = eventHash(hash, facts);
        await inside.updateTable('audit_event').set({ hash }).where('sequence', '=', facts.sequence).execute();
      }
      await inside.updateTable('audit_head').set({ hash }).execute();
    };
    expect(await foundAfter(rewriteEvents)).toEqual([]);
    expect(await foundAfter(rewriteEvents, head)).toEqual([
      'event 4 has another hash than in the head of 2027-01-01T00:00:00Z: it, or an event before it, was written anew',
    ]);
    const rewriteAll = async (inside: Transaction<AuditTables>): Promise<void> => {
      await sql`UPDATE registry_change SET actor = 'nobody' WHERE revision = 3`.execute(inside);
      const rows = await inside.selectFrom('registry_change').selectAll().orderBy('revision').execute();
      let hash = NO_HASH;
      for (const { changed_at: at, hash: _old, before, after, ...facts } of rows) {
        hash = chainHash(hash, { ...facts, at, before: before || undefined, after: after || undefined });
        await inside.updateTable('registry_change').set({ hash }).where('revision', '=', facts.revision).execute();
        await inside
          .updateTable('audit_event')
          .set({ head_hash: hash })
          .where('head_revision', '=', facts.revision)
          .execute();
      }
      await inside.updateTable('registry_head').set({ hash }).execute();
      await rewriteEvents(inside);
    };
    expect(await foundAfter(rewriteAll)).toEqual([]);
    expect(await foundAfter(rewriteAll, head)).toEqual([
      expect.stringMatching(/^revision 4 has another hash than in the head/) as string,
      expect.stringMatching(/^event 4 has another hash than in the head/) as string,
    ]);
    // Without the events, the log alone does not fit.
    const rewriteLog = async (inside: Transaction<AuditTables>): Promise<void> => {
      const kept = await inside.selectFrom('audit_event').selectAll().execute();
      await rewriteAll(inside);
      await inside.deleteFrom('audit_event').execute();
      await inside.insertInto('audit_event').values(kept).execute();
      const last = kept.at(-1) as EventTable;
      await inside.updateTable('audit_head').set({ hash: last.hash }).execute();
    };
    expect(await foundAfter(rewriteLog)).toContain('event 3 names revision 4 with another hash than the log has');
  });

  test('a head that is altered, of another key or of another log is told', async () => {
    const forged = { ...head, hash: 'f'.repeat(64) };
    expect((await verify(forged)).problems).toEqual([
      'the head is not signed by the key of this trail',
      expect.stringMatching(/^revision 4 has another hash/) as string,
    ]);
    const { key: _key, signature: _signature, format: _format, version: _version, ...content } = head;
    const others = signedHead({ ...content, history: 'a'.repeat(32) }, generateKeyPairSync('ed25519'));
    expect((await verify(others)).problems).toEqual([
      'the head is not signed by the key of this trail',
      expect.stringMatching(/is of another log/) as string,
    ]);
    const later = signedHead({ ...content, revision: 7, sequence: 9 }, KEY);
    expect((await verify(later)).problems).toEqual([
      expect.stringMatching(/says revision 7, and the last change is 5/) as string,
      expect.stringMatching(/says event 9, and the last one is 5/) as string,
    ]);
  });

  test('what is removed in time leaves a trail that is verified, and nobody else removes anything unseen', async () => {
    const nowMs = Date.UTC(2027, 0, 1) + 10 * DAY_MS;
    await store.append([eventOf('six', { at: nowMs, untilMs: nowMs })]);
    expect(await pruneEvents(store, { keepMs: 20 * DAY_MS, most: 100, nowMs, key: KEY })).toBe(0);
    expect(await pruneEvents(store, { keepMs: 20 * DAY_MS, most: 4, nowMs, key: KEY })).toBe(2);
    expect(await verify(head)).toMatchObject({ problems: [], firstEvent: 3, events: { sequence: 7 } });
    expect(await pruneEvents(store, { keepMs: 5 * DAY_MS, most: 100, nowMs, key: KEY })).toBe(3);
    expect(await verify()).toMatchObject({ problems: [], firstEvent: 6 });
    // The head is of an event that is gone: there is nothing to compare.
    expect((await verify(head)).problems).toEqual([]);
    const forge = async (inside: Transaction<AuditTables>): Promise<void> => {
      await inside.deleteFrom('audit_event').where('sequence', '<=', 6).execute();
      const forged = { through: '6', hash: NO_HASH, until: '', key: '', signature: 'AA==' };
      await store.appendWithin(inside, [
        { ...eventOf(''), action: 'audit.pruned', detail: forged, count: 1, at: nowMs, untilMs: nowMs },
      ]);
    };
    expect((await foundAfter(forge)).join('\n')).toMatch(/is not signed by the key of this trail/);
    const removeFirst = (inside: Transaction<AuditTables>) =>
      inside.deleteFrom('audit_event').where('sequence', '=', 6).execute();
    expect((await foundAfter(removeFirst)).join('\n')).toMatch(/events 1 to 6 are missing, and no event says/);
    const alterFirst = (inside: Transaction<AuditTables>) =>
      inside.updateTable('audit_event').set({ actor: 'x' }).where('sequence', '=', 6).execute();
    expect((await foundAfter(alterFirst)).join('\n')).toMatch(/^event 6 .* was changed after it was written/);
  });
}
