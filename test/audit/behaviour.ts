import { expect, test } from 'vitest';
import { eventHash } from '../../src/audit/chain.ts';
import type { CountedEvent } from '../../src/audit/chain.ts';
import { AuditStore } from '../../src/audit/store.ts';
import { NO_HASH } from '../../src/registry/chain.ts';
import { Fixture } from '../registry/fixture.ts';
import type { NewPlace } from '../registry/fixture.ts';
import { ME, put } from '../registry/opened.ts';

export const ALICE = { name: 'user:alice@example.com', credential: 'session:1', address: '192.0.2.1' };

export function eventOf(name: string, more: Partial<CountedEvent> = {}): CountedEvent {
  const at = Date.UTC(2027, 0, 1);
  const target = { kind: 'Secret', namespace: 'shop', name };
  return { action: 'secret.read', outcome: 'done', caller: ALICE, target, count: 1, at, untilMs: at, ...more };
}

/** How the chain of events behaves, whatever its database. */
export function eventsBehave(newPlace: NewPlace): void {
  const fixture = new Fixture(newPlace);
  const opened = () => AuditStore.open(fixture.current.database);
  const rowsOf = (store: AuditStore) =>
    store.database.kysely.selectFrom('audit_event').selectAll().orderBy('sequence').execute();

  test('each event takes the next number, names the last change, and is hashed with the one before', async () => {
    const store = await opened();
    expect(await store.head()).toEqual({ sequence: 0, hash: NO_HASH });
    await store.append([eventOf('a')]);
    const { head } = await fixture.registry.write([put('x', 1), put('y', 1)], ME);
    const last = await store.append([eventOf('b', { detail: { method: '/x' }, count: 7 }), eventOf('c')]);
    const rows = await rowsOf(store);
    expect(rows.map(({ sequence, name, head_revision: at, head_hash: hash }) => [sequence, name, at, hash])).toEqual([
      [1, 'a', 0, NO_HASH],
      [2, 'b', 2, head.hash],
      [3, 'c', 2, head.hash],
    ]);
    let hash = NO_HASH;
    for (const { hash: own, ...facts } of rows) {
      hash = eventHash(hash, facts);
      expect(own).toBe(hash);
    }
    expect(last).toEqual({ sequence: 3, hash });
    expect(await store.head()).toEqual(last);
    // It is the same after it was opened again.
    await fixture.reopen();
    expect(await (await opened()).head()).toEqual(last);
  });

  test('what callers choose is kept as both engines and a terminal can show it', async () => {
    const store = await opened();
    const detail = { user: 'nul \u0000, half \ud800, line\n, escape \u001b[2J, back \u202e', long: 'x'.repeat(5000) };
    await store.append([eventOf('ü"\\'.repeat(200), { detail })]);
    const [row] = await rowsOf(store);
    const kept = JSON.parse(row?.detail ?? '') as typeof detail;
    expect(kept.user).toBe('nul \ufffd, half \ufffd, line\ufffd, escape \ufffd[2J, back \ufffd');
    expect(kept.long).toHaveLength(1001);
    expect(row?.name).toHaveLength(301);
    const { hash = '', ...facts } = row ?? {};
    expect(eventHash(NO_HASH, facts as Parameters<typeof eventHash>[1])).toBe(hash);
  });
}
