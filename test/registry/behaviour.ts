import { expect, test } from 'vitest';
import { sql } from 'kysely';
import { NO_HASH } from '../../src/registry/chain.ts';
import { Conflict, Outrun } from '../../src/registry/conflict.ts';
import { Fixture } from './fixture.ts';
import type { NewPlace } from './fixture.ts';
import { keyOf, ME, put, remove } from './opened.ts';

/** How the log behaves, whatever its database. */
export function registryBehaves(newPlace: NewPlace): void {
  const fixture = new Fixture(newPlace);

  test('a new log has a history, and nothing in it', async () => {
    const head = await fixture.registry.head();
    expect(head).toEqual({ history: expect.stringMatching(/^[0-9a-f]{32}$/) as string, revision: 0, hash: NO_HASH });
    expect(await fixture.registry.snapshot()).toEqual({ head, resources: [] });
    expect(await fixture.registry.changesAfter(0, 10)).toEqual([]);
    await fixture.reopen();
    expect(await fixture.registry.head()).toEqual(head);
  });

  test('each change takes the next revision, and tells who, when, why, before and after', async () => {
    const { registry } = fixture;
    const first = await registry.write([put('a', 1), put('b', 1, { set: 'shop' })], { actor: 'eve', reason: 'new' });
    expect(first.head.revision).toBe(2);
    fixture.nowMs += 1000;
    const second = await registry.write([put('a', 2), remove('b')], { actor: 'bob', reason: 'über "quotes" \\' });
    expect(second.changes.map(({ revision }) => revision)).toEqual([3, 4]);
    const changes = await registry.changesAfter(0, 10);
    expect(changes).toEqual([...first.changes, ...second.changes]);
    expect(changes[2]).toMatchObject({
      revision: 3,
      at: fixture.nowMs,
      actor: 'bob',
      reason: 'über "quotes" \\',
      kind: 'Api',
      namespace: 'default',
      name: 'a',
      before: { revision: 1, createdRevision: 1, document: { name: 'a', content: 1 } },
      after: { revision: 3, createdRevision: 1, at: fixture.nowMs, owner: 'api', document: { name: 'a', content: 2 } },
    });
    expect(changes[3]?.after).toBeUndefined();
    const { head, resources } = await registry.snapshot();
    expect(head).toEqual(second.head);
    expect(resources).toEqual([changes[2]?.after]);
    expect(await registry.hashAt(4)).toBe(head.hash);
    expect(await registry.hashAt(5)).toBeUndefined();
    expect(await registry.changesAfter(1, 2)).toEqual(changes.slice(1, 3));
    expect(await registry.resources([keyOf('a'), keyOf('b'), keyOf('a', 'Contract')])).toEqual(resources);
    await fixture.reopen();
    expect(await fixture.registry.snapshot()).toEqual({ head, resources });
  });

  test('texts of any kind come back as they were', async () => {
    const content = { 'a"b\\': ['\u0000', '\ud83d\ude00', "'); DROP TABLE x;--", 1e21, -0.5, null, true, {}, []] };
    await fixture.registry.write([put('a', content)], ME);
    const [resource] = (await fixture.registry.snapshot()).resources;
    expect(resource?.document).toEqual({ name: 'a', content });
    expect((await fixture.registry.verify()).problems).toEqual([]);
  });

  test('what changes nothing takes no revision', async () => {
    const { registry } = fixture;
    const { head } = await registry.write([put('a', { x: 1, y: 2 })], ME);
    expect(await registry.write([put('a', { y: 2, x: 1 }), remove('b')], ME)).toEqual({ head, changes: [] });
    expect((await registry.write([put('a', { x: 1, y: 2 }, { set: 'shop' })], ME)).changes).toHaveLength(1);
  });

  test('a writer who has seen another revision, or is not the owner, changes nothing', async () => {
    const { registry } = fixture;
    await registry.write([put('a', 1), put('f', 1, { owner: 'files' })], ME);
    const refused = [
      [put('a', 2, { expectedRevision: 0 }), /^Api default\/a has revision 1, and it was expected to be new: read it/],
      [put('a', 2, { expectedRevision: 7 }), /has revision 1, and revision 7 was expected/],
      [put('b', 2, { expectedRevision: 1 }), /^Api default\/b is not there, and revision 1 was expected/],
      [remove('a', { expectedRevision: 7 }), /has revision 1, and revision 7 was expected/],
      [put('f', 2), /^Api default\/f belongs to the owner files: change it there/],
      [remove('f'), /belongs to the owner files/],
    ] as const;
    for (const [write, message] of refused) {
      const failing = registry.write([put('z', 1), write], ME);
      await expect(failing).rejects.toThrow(Conflict);
      await expect(failing).rejects.toThrow(message);
    }
    expect((await registry.head()).revision).toBe(2);
    await registry.write([put('a', 2, { expectedRevision: 1 }), put('b', 2, { expectedRevision: 0 })], ME);
    expect((await registry.head()).revision).toBe(4);
  });

  test('what was checked against an older state is not written', async () => {
    const { registry } = fixture;
    await registry.write([put('a', 1)], ME, 0);
    await expect(registry.write([put('b', 1)], ME, 0)).rejects.toThrow(Outrun);
    expect((await registry.write([put('b', 1)], ME, 1)).head.revision).toBe(2);
  });

  test('one resource may be written twice at once', async () => {
    const { registry } = fixture;
    const { changes } = await registry.write([put('a', 1), put('a', 2), remove('a'), put('a', 3)], ME);
    expect(changes.map(({ after }) => after?.createdRevision)).toEqual([1, 1, undefined, 4]);
    expect((await registry.snapshot()).resources).toEqual([changes[3]?.after]);
    expect((await registry.verify()).problems).toEqual([]);
  });

  test('followers are told of each commit, and of nothing else', async () => {
    const told: number[] = [];
    const end = fixture.registry.onChange((revision) => told.push(revision));
    await fixture.registry.write([put('a', 1), put('b', 1)], ME);
    await fixture.registry.write([put('a', 1)], ME);
    await fixture.registry.write([put('a', 2)], ME);
    end();
    await fixture.registry.write([put('a', 3)], ME);
    expect(told).toEqual([2, 3]);
  });

  test('thousands are written at once, in the order in which they came', async () => {
    const names = Array.from({ length: 2500 }, (_, at) => `n${String(at).padStart(4, '0')}`);
    const { head } = await fixture.registry.write(
      names.toReversed().map((name) => put(name, 1)),
      ME,
    );
    const { resources } = await fixture.registry.snapshot();
    expect(resources.map(({ name }) => name)).toEqual(names);
    expect(resources[0]?.revision).toBe(2500);
    await fixture.registry.write(
      names.slice(1).map((name) => remove(name)),
      ME,
    );
    expect((await fixture.registry.snapshot()).resources).toHaveLength(1);
    const verified = await fixture.registry.verify();
    expect(verified.problems).toEqual([]);
    expect(verified.head.revision).toBe(head.revision + 2499);
  });

  test('whatever is changed behind its back is found', async () => {
    const { registry, current } = fixture;
    await registry.write([put('a', 1), put('b', 1)], ME);
    await registry.write([put('a', 2)], ME);
    expect((await registry.verify()).problems).toEqual([]);
    const { kysely } = current.database;
    const tampering = [
      [sql`UPDATE registry_change SET actor = 'nobody' WHERE revision = 2`, 'revision 2 (Api default/b) was changed'],
      [
        sql`UPDATE registry_change SET after = replace(after, '1', '9') WHERE revision = 1`,
        'revision 1 (Api default/a)',
      ],
      [sql`DELETE FROM registry_change WHERE revision = 2`, 'revision 2 is missing'],
      [sql`DELETE FROM registry_change WHERE revision = 3`, 'the head says revision 3, and the last change is 2'],
      [sql`UPDATE registry_resource SET document = '{}' WHERE name = 'b'`, 'Api default/b is not what the log says'],
      [sql`UPDATE registry_resource SET owner = 'files' WHERE name = 'b'`, 'Api default/b is not what the log says'],
      [sql`DELETE FROM registry_resource WHERE name = 'a'`, 'Api default/a is missing'],
      [
        sql`INSERT INTO registry_resource VALUES ('Api', 'default', 'c', 1, 1, 1, 'api', '', '{}', '', '')`,
        'Api default/c is not what the log says',
      ],
    ] as const;
    for (const [statement, problem] of tampering) {
      const found = await kysely
        .transaction()
        .execute(async (transaction) => {
          await statement.execute(transaction);
          const { verifyWithin } = await import('../../src/registry/verify.ts');
          throw (await verifyWithin(transaction)).problems;
        })
        .catch((problems: unknown) => problems as string[]);
      expect(found.join('\n')).toContain(problem);
    }
    expect((await registry.verify()).problems).toEqual([]);
  });
}
