import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import { StoreUnavailable } from '../../src/quota/store.ts';
import type { RedisServer } from '../real/redis.ts';
import { untilAvailable } from './behaviour.ts';
import { oneAddress } from './one-address.ts';
import { closeAfterAll, expectEvents, expectToCount, OPEN, PATIENCE, serve, take, watch } from './watched-store.ts';

// Every state in which a server answers, and refuses: each is told once with its remedy, no unit is admitted by it,
// and what follows when it ends is a store that counts, without a restart.

interface Trouble {
  readonly name: string;
  readonly begin: readonly (readonly string[])[];
  readonly end: readonly (readonly string[])[];
  /** What the log says, remedy included. */
  readonly says: RegExp;
}

const TROUBLES: readonly Trouble[] = [
  {
    name: 'was demoted to a replica',
    begin: [['REPLICAOF', '127.0.0.1', '1']],
    end: [['REPLICAOF', 'NO', 'ONE']],
    says: /READONLY .*give that of the primary/,
  },
  {
    name: 'is a replica that serves nothing stale',
    begin: [
      ['CONFIG', 'SET', 'replica-serve-stale-data', 'no'],
      ['REPLICAOF', '127.0.0.1', '1'],
    ],
    end: [['REPLICAOF', 'NO', 'ONE']],
    says: /MASTERDOWN .*give that of the primary/,
  },
  {
    name: 'lacks replicas',
    begin: [['CONFIG', 'SET', 'min-replicas-to-write', '1']],
    end: [['CONFIG', 'SET', 'min-replicas-to-write', '0']],
    says: /NOREPLICAS .*min-replicas-to-write/,
  },
  {
    name: 'is out of memory',
    begin: [['CONFIG', 'SET', 'maxmemory', '1']],
    end: [['CONFIG', 'SET', 'maxmemory', '0']],
    says: /OOM .*raise maxmemory/,
  },
];

/** What every server must be overcome in. */
export function overcomesTroubles(server: RedisServer): void {
  closeAfterAll();
  // Side by side, for each waits for a server of its own.
  describe.concurrent(`a ${server} that`, () => {
    // Redis 6.0 does not look at min-replicas-to-write for what a script writes.
    const had = TROUBLES.filter(({ name }) => server !== 'redis-server-6.0' || name !== 'lacks replicas');

    it.each(had)('$name is told once, admits nothing, and is counted in again', async ({ begin, end, says }) => {
      const redis = await serve(server);
      const watched = watch({ urls: [redis.url] });
      const { store, events } = watched;
      await untilAvailable(store);
      await expectToCount(store);
      for (const command of begin) await redis.cli(...command);
      for (let i = 0; i < 20; i += 1) {
        await expect(take(store)).rejects.toThrow(StoreUnavailable);
        await sleep(20);
      }
      await expectEvents(watched, 'connected', 'lost');
      expect(events[1]?.detail).toMatch(says);
      expect(events[1]?.detail).not.toMatch(/user_script|call to f_|[0-9a-f]{40}/);
      expect([store.health().available, watched.isOpen()]).toEqual([false, true]);
      for (const command of end) await redis.cli(...command);
      await expectEvents(watched, 'connected', 'lost', 'back');
      await untilAvailable(store);
      await expectToCount(store);
      expect(watched.isOpen()).toBe(false);
    });

    it('was demoted, behind one address that leads to another primary by now, is left for that', async () => {
      const [old, next] = [await serve(server), await serve(server)];
      const address = await oneAddress(old.port);
      OPEN.push(address);
      const watched = watch({ urls: [address.url] });
      await untilAvailable(watched.store);
      await expectToCount(watched.store);
      address.leadTo(next.port);
      await old.cli('REPLICAOF', '127.0.0.1', String(next.port));
      await expect(take(watched.store)).rejects.toThrow(StoreUnavailable);
      await vi.waitFor(() => expect(watched.events.at(-1)?.kind).toBe('back'), PATIENCE);
      await expectToCount(watched.store);
      expect(watched.events.map(({ kind }) => kind)).toEqual(['connected', 'lost', 'back']);
      expect(Number(await next.cli('DBSIZE'))).toBeGreaterThan(0);
    });

    it('takes no more connections is told, and counted in when it does', async () => {
      const redis = await serve(server, '--maxclients', '4');
      // The one that has asked whether it is ready has to be gone.
      await sleep(300);
      const others = [1, 2, 3, 4].map(() => connect(redis.port, '127.0.0.1'));
      await Promise.all(others.map((socket) => new Promise((resolve) => socket.once('connect', resolve))));
      const watched = watch({ urls: [redis.url] });
      // A connection may end before the reason has come by it: that is told too.
      const told = () => watched.events.map(({ detail }) => detail).join('\n');
      await vi.waitFor(() => expect(told()).toMatch(/max number of clients .*raise maxclients/), PATIENCE);
      expect(watched.events.filter(({ kind }) => kind !== 'lost')).toEqual([]);
      for (const socket of others) socket.destroy();
      await vi.waitFor(() => expect(watched.events.at(-1)?.kind).toBe('connected'), PATIENCE);
      await expectToCount(watched.store);
    });

    it('refuses without a hit is known by its heartbeat', async () => {
      const redis = await serve(server);
      const watched = watch({ urls: [redis.url] });
      await untilAvailable(watched.store);
      await redis.cli('REPLICAOF', '127.0.0.1', '1');
      await expectEvents(watched, 'connected', 'lost');
      await redis.cli('REPLICAOF', 'NO', 'ONE');
      await expectEvents(watched, 'connected', 'lost', 'back');
    });

    it("runs somebody's script is told, and counted in again", async () => {
      const redis = await serve(server, '--lua-time-limit', '100');
      const watched = watch({ urls: [redis.url] });
      await untilAvailable(watched.store);
      const busy = redis.cli('EVAL', 'while true do end', '0').catch(() => '');
      await vi.waitFor(() => expect(watched.events.at(-1)?.detail).toMatch(/BUSY .*SCRIPT KILL/), PATIENCE);
      await expect(take(watched.store)).rejects.toThrow(StoreUnavailable);
      await redis.cli('SCRIPT', 'KILL');
      await busy;
      await vi.waitFor(() => expect(watched.events.at(-1)?.kind).toBe('back'), PATIENCE);
      await expectToCount(watched.store);
    });

    it('loads its data is not asked until it has', async () => {
      // It answers each 2 MB while it loads.
      const redis = await serve(server, '--key-load-delay', '5000', '--rdbcompression', 'no');
      await redis.cli('EVAL', "for i = 1, 500 do redis.call('SET', 'other' .. i, string.rep('x', 20000)) end", '0');
      await redis.cli('SAVE');
      const watched = watch({ urls: [redis.url] });
      await untilAvailable(watched.store);
      const restarted = redis.restart();
      await vi.waitFor(
        () => expect(watched.events.map(({ detail }) => detail).join()).toMatch(/LOADING .*will answer/),
        PATIENCE,
      );
      await expect(take(watched.store)).rejects.toThrow(StoreUnavailable);
      await restarted;
      await vi.waitFor(() => expect(watched.events.at(-1)?.kind).toBe('back'), PATIENCE);
      await expectToCount(watched.store);
    });

    it('asks for another password is told once, and counted in when that is back', async () => {
      const redis = await serve(server);
      await redis.cli('CONFIG', 'SET', 'requirepass', 'hunter2');
      const auth = (...command: string[]) => redis.cli('-a', 'hunter2', '--no-auth-warning', ...command);
      const wrong = watch({ urls: [redis.url], password: 'wrong' });
      const none = watch({ urls: [redis.url] });
      await expectEvents(wrong, 'lost');
      await expectEvents(none, 'lost');
      expect(wrong.events[0]?.detail).toMatch(/WRONGPASS .*check --redis-username and --redis-password-file/);
      expect(none.events[0]?.detail).toMatch(/NOAUTH .*give --redis-password-file/);
      await sleep(1500);
      await auth('CONFIG', 'SET', 'requirepass', 'wrong');
      await expectEvents(wrong, 'lost', 'connected');
      await expectToCount(wrong.store);
      expect(JSON.stringify([wrong.events, none.events])).not.toContain('hunter2');
    });

    it.each(['INFO', 'PUBLISH', 'SUBSCRIBE'])(
      'has no %s counts all the same, and a finding says what is missing',
      async (name) => {
        const redis = await serve(server, '--rename-command', name, '');
        const watched = watch({ urls: [redis.url] });
        await untilAvailable(watched.store);
        await expectToCount(watched.store);
        await vi.waitFor(
          () => expect(watched.findings.map(({ message }) => message).join()).toContain('unknown command'),
          PATIENCE,
        );
        expect(watched.events.map(({ kind }) => kind)).toEqual(['connected']);
      },
    );

    it.each(['EVAL', 'EVALSHA', 'TIME', 'HSET', 'PEXPIRE'])('has no %s is told, with a finding', async (name) => {
      const redis = await serve(server, '--rename-command', name, '');
      const watched = watch({ urls: [redis.url] });
      await untilAvailable(watched.store);
      await vi.waitFor(() => expect(watched.findings.map(({ level }) => level)).toContain('error'), PATIENCE);
      expect(watched.findings.map(({ message }) => message).join()).toContain("the scripts can't run");
      await expect(take(watched.store)).rejects.toThrow(StoreUnavailable);
      await vi.waitFor(() => expect(watched.events.at(-1)?.detail).toMatch(/is renamed or not passed on/), PATIENCE);
      const keys = (await redis.cli('KEYS', '*')).split('\n').filter((key) => key !== '');
      if (name !== 'PEXPIRE') for (const key of keys) expect(await redis.cli('PTTL', key), key).not.toBe('-1');
      if (name === 'PEXPIRE') expect(keys).toEqual([]);
    });

    it.each(['-evalsha', '-eval', '-time', '-hset', '-hmget', '-pexpire', '-@scripting'])(
      'denies %s is told, and counted in when the right is there',
      async (right) => {
        const redis = await serve(server);
        await redis.cli('ACL', 'SETUSER', 'half', 'on', '>p', 'allkeys', ...allChannels(server), '+@all', right);
        const watched = watch({ urls: [redis.url], username: 'half', password: 'p' });
        await untilAvailable(watched.store);
        await vi.waitFor(() => expect(watched.findings.map(({ level }) => level)).toEqual(['error']), PATIENCE);
        expect(watched.findings[0]?.message).toContain('The user needs ~ostiary:*');
        if (right === '-eval') return;
        await expect(take(watched.store)).rejects.toThrow(StoreUnavailable);
        await vi.waitFor(() => expect(watched.events.at(-1)?.detail).toMatch(/lacks a right/), PATIENCE);
        await redis.cli('ACL', 'SETUSER', 'half', right.replace('-', '+'));
        await expectToCount(watched.store);
        const told = async () => {
          await take(watched.store);
          return watched.events.at(-1)?.kind;
        };
        await vi.waitFor(async () => expect(await told()).toBe('back'), PATIENCE);
      },
    );
  });
}

function allChannels(server: RedisServer): string[] {
  return server === 'redis-server-6.0' ? [] : ['allchannels'];
}
