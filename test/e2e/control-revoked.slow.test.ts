import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startControlPlane } from '../real/control-plane.ts';
import type { RealControlPlane } from '../real/control-plane.ts';
import { partOrSkip } from '../real/parts.ts';
import { scratchFolder } from '../real/scratch.ts';
import { api, apply, client, contract, credentialsOf, startFollower, startFront } from './followed.ts';
import type { Follower } from './followed.ts';

const envoyPart = await partOrSkip('envoy');

const SIDECARS = 5;
const PER_SECOND = Number(process.env['CONTROL_REQUESTS_PER_SECOND'] ?? 200);
const CHANGES = Number(process.env['CONTROL_REVOCATIONS'] ?? 20);
const APIS = ['orders', 'stock'] as const;

type Status = 'approved' | 'revoked';

/** A state of both contracts, which change in one transaction: one is approved while the other is revoked. */
interface State {
  readonly statuses: readonly Status[];
  /** From when on some sidecar may have it: its write was sent. */
  readonly begunAt: number;
  /** From when on every sidecar has it: its receipt came. */
  provenAt: number;
}

interface Answer {
  readonly api: number;
  readonly sentAt: number;
  readonly answeredAt: number;
  readonly status: number;
}

describe.skipIf(envoyPart === undefined)(`${SIDECARS} sidecars under ${PER_SECOND} requests/s`, () => {
  let control: RealControlPlane;
  let followers: readonly Follower[];
  let front: Awaited<ReturnType<typeof startFront>>;

  beforeAll(async () => {
    control = await startControlPlane(join(scratchFolder('revoked'), 'data'));
    await apply(control, [...APIS.map(api), client('web')]);
    followers = await Promise.all(
      Array.from({ length: SIDECARS }, (_, number) => startFollower(control, `sidecar-${number}`)),
    );
    front = await startFront(followers);
  });
  afterAll(() => Promise.all([front?.stop(), control?.stop(), ...(followers ?? []).map((each) => each.stop())]));

  test(`answer none by a state that was never committed, while contracts are revoked and approved ${CHANGES} times`, async () => {
    const states: State[] = [];
    const took: number[] = [];
    const change = async (statuses: readonly Status[]): Promise<void> => {
      const state = { statuses, begunAt: performance.now(), provenAt: Infinity };
      states.push(state);
      const contracts = APIS.map((of, at) => contract(of, 'web', statuses[at] ?? 'revoked'));
      const { receipt } = await apply(control, contracts, { wait: '30s' });
      state.provenAt = performance.now();
      expect(receipt).toMatchObject({ enforced: SIDECARS });
      took.push(Number.parseFloat(receipt?.took ?? '') * 1000);
    };
    await change(['approved', 'revoked']);

    const answers: Answer[] = [];
    const failures: unknown[] = [];
    const headers = credentialsOf('web');
    const send = async (number: number): Promise<void> => {
      const of = number % APIS.length;
      const sentAt = performance.now();
      const response = await fetch(`${front.url}/${APIS[of]}/${number}`, { headers });
      await response.arrayBuffer();
      answers.push({ api: of, sentAt, answeredAt: performance.now(), status: response.status });
    };
    const over = new AbortController();
    const sending = (async () => {
      const [began, open] = [performance.now(), new Set<Promise<void>>()];
      for (let sent = 0; !over.signal.aborted;) {
        for (const due = ((performance.now() - began) / 1000) * PER_SECOND; sent < due; sent += 1) {
          const one = send(sent).catch((error: unknown) => void failures.push(error));
          open.add(one);
          void one.finally(() => open.delete(one));
        }
        await sleep(2);
      }
      await Promise.all(open);
    })();
    for (let count = 1; count <= CHANGES; count += 1) {
      await change(count % 2 === 0 ? ['approved', 'revoked'] : ['revoked', 'approved']);
      await sleep(100);
    }
    over.abort();
    await sending;

    const wrong = answers.filter((answer) => !mayBe(answer, states));
    const sorted = took.toSorted((a, b) => a - b);
    console.log(
      `${answers.length} answers, ${wrong.length} wrong; all ${SIDECARS} had a change after p50 ${sorted[Math.floor(took.length / 2)]} ms, at most ${sorted.at(-1)} ms`,
    );
    expect(failures).toEqual([]);
    expect(wrong).toEqual([]);
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200, 401]));
    // Each of them was asked.
    for (const { adminUrl } of followers) {
      const metrics = await (await fetch(`${adminUrl}/metrics`)).text();
      expect(metrics).toMatch(/^ostiary_checks_total\{.*\} [1-9]/m);
    }
  });
});

/** Whether some state that a sidecar may have had between question and answer says so. */
function mayBe({ api: of, sentAt, answeredAt, status }: Answer, states: readonly State[]): boolean {
  const oldest = states.findLastIndex(({ provenAt }) => provenAt <= sentAt);
  return states
    .slice(Math.max(0, oldest))
    .some(({ begunAt, statuses }) => begunAt <= answeredAt && (statuses[of] === 'approved' ? 200 : 401) === status);
}
