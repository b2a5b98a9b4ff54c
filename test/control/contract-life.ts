import { afterEach, beforeEach, expect } from 'vitest';
import type { NewPlace } from '../registry/fixture.ts';
import { api, app, openServices } from './fixture.ts';
import type { ControlServices } from './fixture.ts';

export const NOW_MS = Date.UTC(2027, 0, 1);
export const DAY_MS = 86_400_000;
const LIMITS = [{ maximumRequests: 100, timePeriodInMilliseconds: 60_000 }];
export const TIERS = [
  { name: 'gold', limits: LIMITS },
  { name: 'trial', limits: LIMITS, autoApprove: true },
  { name: 'platinum', limits: LIMITS, approvers: 2 },
  { name: 'silver', limits: LIMITS, approvers: 1 },
];
export const ALICE = 'as user:alice@example.com';
export const ALICES_TOKEN = 'as token:ci/user:alice@example.com';
export const BOB = 'as user:bob@example.com';
export const CAROL = 'as user:carol@example.com';
const KEY = { namespace: 'zoo', name: 'shop-web-pets' };

/** So many days after the tests begin, as answers write it. */
export function moment(days: number): string {
  return new Date(NOW_MS + days * DAY_MS).toISOString().replace('.000Z', 'Z');
}

export function refusal(message: RegExp) {
  return { status: 400, code: 'failed_precondition', message: expect.stringMatching(message) as string };
}

/** An API of one namespace, an application of another, and their contract: each test has its own. */
export class ContractLife {
  services!: ControlServices;

  constructor(newPlace: NewPlace) {
    beforeEach(async () => {
      this.services = await openServices(await newPlace());
      this.services.nowMs = NOW_MS;
      await this.services.apply([
        api('pets', { tiers: TIERS }, { namespace: 'zoo' }),
        app('web', {}, { namespace: 'shop' }),
      ]);
    });
    afterEach(async () => {
      await this.services.close();
    });
  }

  readonly ask = (method: string, request: object, who?: string) =>
    this.services.ask(`ContractService/${method}`, request, who);

  readonly request = (more: object = {}, who = ALICE) =>
    this.ask('Request', { clientApplication: 'shop/web', api: 'zoo/pets', tier: 'gold', ...more }, who);

  readonly move = (method: string, who: string, more: object = {}) => this.ask(method, { ...KEY, ...more }, who);

  readonly document = async () => {
    const [found] = await this.services.registry.resources([{ kind: 'Contract', ...KEY }]);
    return found?.document as { spec: Record<string, unknown> } | undefined;
  };
}
