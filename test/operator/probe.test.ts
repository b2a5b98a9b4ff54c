import { describe, expect, test } from 'vitest';
import { PATH_EFFECTS } from '../../src/operator/inspection.ts';
import { ProbeWatch } from '../../src/operator/probe-watch.ts';
import type { Sighting } from '../../src/operator/probe-watch.ts';
import { probeDesk, probed } from '../../src/serve/probes.ts';
import { NOTHING_DECIDED } from '../../src/decision/decision.ts';
import { reasons } from '../../src/denial/reasons.ts';
import { checkOf } from '../policy/fixtures.ts';
import { apis } from './fixture.ts';

const NONCE = 'N0nce_of-a-probe_000001';
const SIGHTING: Sighting = {
  decidedAt: 1000,
  outcome: 'deny',
  httpStatus: 401,
  reason: 'client_rejected',
  api: 'orders',
  policy: 'orders/client-id-enforcement',
  destination: '10.1.2.4:8080',
};

describe('a watch for probes', () => {
  test('tells how a request with an expected nonce was decided, and of no other', () => {
    const watch = new ProbeWatch(() => 1000);
    expect(watch.isWaiting).toBe(false);
    watch.expect(NONCE);
    expect(watch.isWaiting).toBe(true);
    watch.saw('another_nonce_of_a_probe', () => SIGHTING);
    expect(watch.tell(NONCE)).toEqual([]);
    watch.saw(NONCE, () => SIGHTING);
    expect(watch.tell(NONCE)).toEqual([SIGHTING]);
    expect(watch.tell('another_nonce_of_a_probe')).toBeUndefined();
  });

  test('keeps nothing that nobody expects, and forgets a nonce after a minute', () => {
    let now = 0;
    const watch = new ProbeWatch(() => now);
    watch.saw(NONCE, () => SIGHTING);
    expect(watch.tell(NONCE)).toBeUndefined();
    watch.expect(NONCE);
    now = 60_000;
    watch.saw(NONCE, () => SIGHTING);
    expect(watch.tell(NONCE)).toBeUndefined();
    expect(watch.isWaiting).toBe(false);
  });

  test('takes no more nonces, and no more requests of one, than it has room for', () => {
    const watch = new ProbeWatch(() => 0);
    for (let i = 0; i < 256; i++) expect(watch.expect(`${NONCE}${i}`)).toBe(60_000);
    expect(watch.expect(`${NONCE}x`)).toBeUndefined();
    expect(watch.expect(`${NONCE}0`)).toBe(60_000);
    for (let i = 0; i < 100; i++) watch.saw(`${NONCE}0`, () => SIGHTING);
    expect(watch.tell(`${NONCE}0`)).toHaveLength(16);
  });
});

test('a desk knows nothing where one of several processes knows nothing', async () => {
  const [own, other] = [new ProbeWatch(() => 0), new ProbeWatch(() => 0)];
  const others = {
    expect: (nonce: string) => Promise.resolve(other.expect(nonce)),
    tell: (nonce: string) => Promise.resolve(other.tell(nonce)),
  };
  const desk = probeDesk(own, () => [others]);
  own.expect(NONCE);
  expect(await desk.tell(NONCE)).toBeUndefined();
  await desk.expect(NONCE);
  other.saw(NONCE, () => ({ ...SIGHTING, decidedAt: 5 }));
  own.saw(NONCE, () => ({ ...SIGHTING, decidedAt: 9 }));
  expect((await desk.tell(NONCE))?.map(({ decidedAt }) => decidedAt)).toEqual([5, 9]);
});

test('a decision is told to the watch with the status that the caller gets', () => {
  const watch = new ProbeWatch(() => 0);
  watch.expect(NONCE);
  const silent = { decided() {}, failed() {}, policyFailed() {} };
  const observer = probed(silent, { watch, reasons: () => reasons, clock: { now: () => 7 } });
  const check = checkOf({ headers: { 'x-ostiary-probe': NONCE } });
  observer.decided({ ...NOTHING_DECIDED, denial: { reason: 'not_ready', detail: '' } }, check, 1, 0);
  observer.decided({ ...NOTHING_DECIDED, denial: undefined }, check, 1, 1);
  observer.decided({ ...NOTHING_DECIDED, denial: undefined }, checkOf({}), 1, 2);
  expect(watch.tell(NONCE)).toMatchObject([
    { decidedAt: 7, outcome: 'deny', httpStatus: 503, reason: 'not_ready' },
    { outcome: 'allow', httpStatus: 0, reason: '' },
  ]);
});

describe("the operator's API", () => {
  const serve = apis();
  const call = (url: string, method: string, nonce: string) =>
    fetch(`${url}/ostiary.v1.ProbeService/${method}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ nonce }),
    });

  test('confirms a probe to nobody without the token', async () => {
    expect(PATH_EFFECTS['/ostiary.v1.ProbeService/ExpectProbe']).toBe('mutation');
    expect(PATH_EFFECTS['/ostiary.v1.ProbeService/TellProbe']).toBe('disclosure');
    const { url } = await serve();
    expect((await call(url, 'ExpectProbe', NONCE)).status).toBe(403);
    expect((await call(url, 'TellProbe', NONCE)).status).toBe(403);
  });
});
