import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { systemTimers } from '../../src/clock.ts';
import { PostgresElection } from '../../src/database/postgres-election.ts';
import { partOrSkip } from '../real/parts.ts';
import { startPostgres } from '../real/postgres.ts';
import type { RealPostgres } from '../real/postgres.ts';

const part = await partOrSkip('postgres');
const PATIENCE = { timeout: 15_000, interval: 50 };

describe.skipIf(part === undefined)('of processes that stand for an office', () => {
  let postgres: RealPostgres;
  let url: string;
  const standing: Candidate[] = [];
  beforeAll(async () => {
    postgres = await startPostgres();
    url = await postgres.createDatabase();
  });
  afterEach(async () => {
    await Promise.all(standing.splice(0).map(({ election }) => election.close()));
  });
  afterAll(async () => {
    await postgres?.stop();
  });

  interface Candidate {
    readonly election: PostgresElection;
    readonly heard: string[];
  }

  function stand(office = 'alerts'): Candidate {
    const heard: string[] = [];
    const election = new PostgresElection({
      url,
      office,
      applicationName: `ostiary test ${standing.length}`,
      timers: systemTimers,
      random: Math.random,
      onElected: () => heard.push('elected'),
      onLost: () => heard.push('lost'),
    });
    const candidate = { election, heard };
    standing.push(candidate);
    return candidate;
  }

  const elected = (): number[] => standing.flatMap(({ election }, at) => (election.isElected ? [at] : []));

  test('exactly one is elected, each office for itself', async () => {
    stand();
    stand();
    stand();
    const other = stand('telemetry');
    await expect.poll(elected, PATIENCE).toHaveLength(2);
    expect(other.election.isElected).toBe(true);
    await sleep(1600);
    expect(elected()).toHaveLength(2);
    expect(standing.flatMap(({ heard }) => heard)).toEqual(['elected', 'elected']);
  });

  test('the next one is elected when the first steps back, and is told of nothing else', async () => {
    const first = stand();
    await expect.poll(elected, PATIENCE).toEqual([0]);
    stand();
    await first.election.close();
    await expect.poll(elected, PATIENCE).toEqual([1]);
    expect(standing.map(({ heard }) => heard)).toEqual([['elected'], ['elected']]);
  });

  test('one whose session is ended by the server knows at once, and stands again', async () => {
    const first = stand();
    await expect.poll(elected, PATIENCE).toEqual([0]);
    const end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'ostiary test 0'";
    await postgres.psql(url, end);
    await expect.poll(() => first.heard, PATIENCE).toEqual(['elected', 'lost', 'elected']);
  });

  test('a server that answers no more holds the office for nobody, and again for one when it is back', async () => {
    stand();
    stand();
    await expect.poll(elected, PATIENCE).toHaveLength(1);
    const backends = async (signal: string): Promise<void> => {
      const pids = await postgres.psql(
        url,
        "SELECT string_agg(pid::text, ' ') FROM pg_stat_activity WHERE application_name LIKE 'ostiary test%'",
      );
      for (const pid of pids.split(' ')) process.kill(Number(pid), signal);
    };
    await backends('SIGSTOP');
    try {
      await expect.poll(elected, PATIENCE).toEqual([]);
      // The stopped session still has the lock: two would be elected without it.
      await sleep(1600);
      expect(elected()).toEqual([]);
    } finally {
      await backends('SIGCONT');
    }
    await expect.poll(elected, PATIENCE).toHaveLength(1);
  });

  test('a database that is away is stood for until it is back', async () => {
    const only = stand();
    await expect.poll(elected, PATIENCE).toEqual([0]);
    await postgres.kill();
    await expect.poll(() => only.heard, PATIENCE).toEqual(['elected', 'lost']);
    await postgres.restart();
    await expect.poll(elected, PATIENCE).toEqual([0]);
  });
});
