import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { craftedSessions, recordedSessions } from './corpus.ts';
import { NOTHING_LEFT, play } from './in-memory.ts';
import { Random } from './random.ts';

/** How long to look for faults; more seconds find more. */
const seconds = Number(process.env['FUZZ_SECONDS'] ?? 6);
const seed = Number(process.env['FUZZ_SEED'] ?? Date.now());
const sessions = [...recordedSessions(), ...craftedSessions()];

function cut(octets: Buffer, random: Random, pieces: number): Buffer[] {
  const places = [0, ...Array.from({ length: pieces }, () => random.integer(octets.length)), octets.length].toSorted(
    (a, b) => a - b,
  );
  return places.slice(1).map((place, index) => octets.subarray(places[index], place));
}

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;
async function heapBytes(): Promise<number> {
  // What the first collection finds unreachable may hold on to more until its finalizers have run.
  for (let times = 0; times < 3; times++) {
    collect();
    await sleep(30);
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

describe('what clients said before', () => {
  it.each(sessions)('$name leaves nothing behind', async ({ octets }) => {
    const { answer, internalErrors, leaks } = await play([octets]);
    expect(answer.length).toBeGreaterThan(0);
    expect(internalErrors).toEqual([]);
    expect(leaks).toEqual(NOTHING_LEFT);
  });

  it.each(sessions.filter(({ name }) => name !== 'control' && name !== 'deadlines and encodings'))(
    '$name is answered alike however it is cut',
    async ({ octets }) => {
      const random = new Random(seed);
      const wholly = await play([octets]);
      const inPieces = await play(cut(octets, random, 12));
      // Frames of several streams may change places when answers come between requests.
      expect(inPieces.answer.length).toBeGreaterThanOrEqual(wholly.answer.length * 0.8);
      expect(inPieces.leaks).toEqual(NOTHING_LEFT);
      expect((await play([...octets].map((octet) => Buffer.from([octet])).slice(0, 700))).leaks).toEqual(NOTHING_LEFT);
    },
  );
});

describe('mutated sessions', () => {
  it(
    `never crash, hang or leak (FUZZ_SECONDS=${seconds} FUZZ_SEED=${seed})`,
    { timeout: seconds * 1000 + 30_000 },
    async () => {
      const random = new Random(seed);
      const limits = { handshakeTimeoutMs: 1000 };
      const round = async (): Promise<void> => {
        const { octets } = random.pick(sessions);
        // The preface stays, mostly: what comes behind it is of more interest.
        const from = random.integer(20) === 0 ? 0 : 24;
        let mutant = Buffer.concat([octets.subarray(0, from), random.mutate(octets.subarray(from))]);
        if (random.integer(4) === 0) mutant = Buffer.concat([mutant, random.pick(sessions).octets.subarray(24)]);
        const { internalErrors, leaks } = await play(cut(mutant, random, random.integer(4)), limits);
        if (internalErrors.length > 0 || JSON.stringify(leaks) !== JSON.stringify(NOTHING_LEFT)) {
          expect({ internalErrors, leaks }, `add to the corpus: ${mutant.toString('hex')}`).toEqual({
            internalErrors: [],
            leaks: NOTHING_LEFT,
          });
        }
      };
      for (let i = 0; i < 300; i++) await round();
      const before = await heapBytes();
      const end = performance.now() + seconds * 1000;
      let rounds = 0;
      for (; performance.now() < end; rounds++) await round();
      expect(rounds).toBeGreaterThan(100);
      expect((await heapBytes()) - before).toBeLessThan(8_000_000);
    },
  );
});
