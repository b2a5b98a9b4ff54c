import { setTimeout as sleep } from 'node:timers/promises';
import type { Answer } from './check-client.ts';
import type { Ledger } from './ledger.ts';
import type { RealMesh, Replica } from './mesh.ts';
import { seededRandom } from './random.ts';
import type { Random } from './random.ts';
import { headersOf } from './scenario.ts';
import type { Line } from './scenario.ts';

const COSTS = [1, 1, 1, 2, 3, 5];
const SHORTEST_MS = 20;
const LONGEST_MS = 1000;

/** One Check at one replica, written down. */
export async function ask(ledger: Ledger, replica: Replica, line: Line, cost = 1, deadlineMs = 1000): Promise<Answer> {
  const answer = await replica.client.ask({ api: line.api, headers: headersOf(line, cost), cost, deadlineMs });
  ledger.note(line, answer, replica);
  return answer;
}

export interface Driving {
  readonly mesh: RealMesh;
  readonly ledger: Ledger;
  readonly lines: readonly Line[];
  readonly until: number;
  /** Decides which line and which replica are busy; the same for all callers. */
  readonly seed: number;
  /** Of every Check; else random ones. */
  readonly deadlineMs?: number;
}

const BUSY_MS = 1200;

/**
 * A caller: sends Checks of random clients, costs and deadlines to random replicas, one after the other, until the
 * time is up. Its rate changes every second or so, between all it can and a few in a second. At any time one client
 * is asked for as often as all others together, and one replica is asked as often as all others.
 */
export async function drive(driving: Driving, random: Random): Promise<void> {
  const { mesh, ledger, lines, until, seed } = driving;
  let pauseMs = 0;
  let changesAt = 0;
  const startedAt = performance.now();
  const order = seededRandom(seed).shuffle(lines);
  while (performance.now() < until && mesh.replicas.length > 0) {
    const now = performance.now();
    if (now > changesAt) {
      pauseMs = random.pick([0, 3, 5, 10, 40]);
      changesAt = now + random.integer(200, 2000);
    }
    const turn = Math.floor((now - startedAt) / BUSY_MS);
    const busy = { line: order[turn % order.length], replica: mesh.replicas[turn % mesh.replicas.length] };
    const line = random.next() < 0.5 ? busy.line : undefined;
    const replica = random.next() < 0.4 ? busy.replica : undefined;
    const [one, other] = [random.pick(mesh.replicas), random.pick(lines)];
    const answer = await ask(
      ledger,
      replica ?? one,
      line ?? other,
      random.pick(COSTS),
      driving.deadlineMs ?? deadline(random),
    );
    const rest = random.next() * 2 * pauseMs;
    // A replica that is gone refuses at once: callers are not to spin.
    if (answer.outcome === 'lost' || rest > 0) await sleep(Math.max(rest, answer.outcome === 'lost' ? 10 : 0));
  }
}

/** As many short ones as long ones, on a scale of factors. */
function deadline(random: Random): number {
  return Math.round(SHORTEST_MS * (LONGEST_MS / SHORTEST_MS) ** random.next());
}
